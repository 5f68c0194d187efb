package dev.countersign.client;

import java.time.Instant;
import java.util.Objects;

/**
 * The server's word that a message stands in its log.
 *
 * @param value names the message's place in the log, which carries the same text; opaque
 * @param time when it was written there, to the microsecond
 */
public record Receipt(String value, Instant time) {

    public Receipt {
        Objects.requireNonNull(value, "value");
        Objects.requireNonNull(time, "time");
    }
}
