package dev.countersign.client;

import java.io.Serializable;
import java.util.Objects;

/**
 * Why the server refused a request: problem details of RFC 9457.
 *
 * <p>The texts come from the server and may contain control characters: remove them before you print to a terminal.
 *
 * @param type a URI: {@code urn:countersign:problem:} and a word
 * @param title a few words; the reason of the status line if the answer had no title
 * @param status the HTTP status
 * @param detail a sentence about this refusal; may be empty
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

    /** One line for people. */
    String text() {
        return status + " " + title + (detail.isEmpty() ? "" : ": " + detail);
    }
}
