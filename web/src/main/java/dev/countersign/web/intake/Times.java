package dev.countersign.web.intake;

import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;

/**
 * Formats times as in the log: RFC 3339, UTC, microseconds. Keeps the last one, because the answers of a batch share
 * it. Safe for use by many threads.
 */
final class Times {

    private static final DateTimeFormatter MICROS =
            new DateTimeFormatterBuilder().appendInstant(6).toFormatter();

    private record Formatted(Instant time, String text) {}

    private volatile Formatted last = new Formatted(Instant.EPOCH, MICROS.format(Instant.EPOCH));

    String format(Instant time) {
        Formatted formatted = last;
        if (formatted.time != time) { // within a batch it is the same object
            formatted = new Formatted(time, MICROS.format(time));
            last = formatted;
        }
        return formatted.text;
    }
}
