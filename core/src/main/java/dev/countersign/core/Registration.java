package dev.countersign.core;

import java.util.Optional;

/**
 * An id, with the hashes of its code and of its request's key. Nobody may change the arrays.
 *
 * @param codeSha256 32 bytes
 * @param keySha256 32 bytes; empty if the request had no key
 */
public record Registration(ClientId id, byte[] codeSha256, Optional<byte[]> keySha256) {}
