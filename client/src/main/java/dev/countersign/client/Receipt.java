package dev.countersign.client;

import java.time.Instant;
import java.util.Objects;

/**
 * The server's confirmation that a message is in its log.
 *
 * @param value identifies the message; its line in the log has the same value; opaque
 * @param time when the message was logged, in microseconds
 */
public record Receipt(String value, Instant time) {

    public Receipt {
        Objects.requireNonNull(value, "value");
        Objects.requireNonNull(time, "time");
    }
}
