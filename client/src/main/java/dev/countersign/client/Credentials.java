package dev.countersign.client;

import java.util.Objects;

/**
 * An id, and the code that its registration gave.
 *
 * <p>The code is a credential: {@link #toString} hides it, so that it gets into no log or exception by accident.
 */
public record Credentials(String id, String code) {

    public Credentials {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(code, "code");
    }

    @Override
    public String toString() {
        return "Credentials[id=" + id + ", code hidden]";
    }
}
