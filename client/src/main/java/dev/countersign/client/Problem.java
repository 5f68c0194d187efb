package dev.countersign.client;

import java.io.Serializable;
import java.util.Objects;

/**
 * Why the server did not do what it was asked for: problem details of RFC 9457.
 *
 * <p>Text of the server's own choosing, control characters included: clean it before a terminal shows it.
 *
 * @param type a URI; {@code urn:countersign:problem:} and a word
 * @param title a few words; the status line's reason where the answer carried none
 * @param status of HTTP's status line
 * @param detail a sentence about this very refusal; may be empty
 */
public record Problem(String type, String title, int status, String detail) implements Serializable {

    public Problem {
        Objects.requireNonNull(type, "type");
        Objects.requireNonNull(title, "title");
        Objects.requireNonNull(detail, "detail");
    }

    /** The refusal that the type names. */
    public Refusal refusal() {
        return Refusal.ofType(type);
    }

    /** In one line, for people. */
    String text() {
        return status + " " + title + (detail.isEmpty() ? "" : ": " + detail);
    }
}
