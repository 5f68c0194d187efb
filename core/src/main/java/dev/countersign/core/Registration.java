package dev.countersign.core;

import java.util.Objects;
import java.util.Optional;

/**
 * An id, with the hashes of its code and of its request's key. Nobody may change the arrays.
 *
 * @param codeSha256 32 bytes
 * @param keySha256 32 bytes; empty if the request had no key
 */
public record Registration(ClientId id, byte[] codeSha256, Optional<byte[]> keySha256) {

    public Registration {
        Objects.requireNonNull(id, "id");
        requireSha256(codeSha256);
        keySha256.ifPresent(Registration::requireSha256);
    }

    private static void requireSha256(byte[] digest) {
        if (digest.length != 32) {
            throw new IllegalArgumentException("a SHA-256 has 32 bytes, not " + digest.length);
        }
    }
}
