package dev.countersign.web.intake;

import dev.countersign.core.LineText;
import java.time.Instant;

/**
 * Formats times as in the log: RFC 3339, UTC, microseconds. Keeps the last one, because the answers of a batch share
 * it. Safe for use by many threads.
 */
final class Times {

    private record Formatted(Instant time, String text) {}

    private volatile Formatted last = new Formatted(Instant.EPOCH, text(Instant.EPOCH));

    String format(Instant time) {
        Formatted formatted = last;
        if (formatted.time != time) { // within a batch it is the same object
            formatted = new Formatted(time, text(time));
            last = formatted;
        }
        return formatted.text;
    }

    private static String text(Instant time) {
        return LineText.time(LineText.micros(time));
    }
}
