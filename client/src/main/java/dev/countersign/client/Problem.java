package dev.countersign.client;

import java.io.Serializable;
import java.util.Objects;

/**
 * Why a server refused: problem details of RFC 9457, with the defaults that it gives for what a server left out.
 *
 * <p>Text of the server's own choosing, control characters included: clean it before a terminal shows it.
 *
 * @param type a URI; {@code about:blank} where the answer carried none
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
}
