package dev.countersign.client;

import java.util.Objects;

/**
 * What a registration gave: the id, and the code that proves it to be its owner's.
 *
 * <p>The code is a credential: {@link #toString} hides it, so that it reaches no log and no exception by accident.
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
