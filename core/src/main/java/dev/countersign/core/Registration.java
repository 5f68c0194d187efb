package dev.countersign.core;

import java.util.Objects;

/**
 * An id and what is kept of its code.
 *
 * @param codeSha256 32 bytes, not to be changed by anybody
 */
public record Registration(ClientId id, byte[] codeSha256) {

    public Registration {
        Objects.requireNonNull(id, "id");
        if (codeSha256.length != 32) {
            throw new IllegalArgumentException("a SHA-256 has 32 bytes, not " + codeSha256.length);
        }
    }
}
