package dev.countersign.core;

import java.util.Objects;
import java.util.Optional;

/**
 * An id and what is kept of its code and of its request's key.
 *
 * @param codeSha256 32 bytes, not to be changed by anybody
 * @param keySha256 the same; empty where the request had no key
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
