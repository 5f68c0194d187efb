package dev.countersign.core;

import java.util.Objects;

/** A text that a client sent: any Unicode text, the empty one included, but no lone surrogate. */
public record Message(ClientId id, String text) {

    /** @throws IllegalArgumentException where the text holds a lone surrogate: no UTF-8 can say it */
    public Message {
        Objects.requireNonNull(id, "id");
        if (!isText(text)) {
            throw new IllegalArgumentException("text holds a lone surrogate");
        }
    }

    /** Whether each surrogate in it has its other half. */
    public static boolean isText(String value) {
        for (int i = 0; i < value.length(); i++) {
            char c = value.charAt(i);
            if (Character.isSurrogate(c)) {
                boolean paired = Character.isHighSurrogate(c)
                        && i + 1 < value.length()
                        && Character.isLowSurrogate(value.charAt(i + 1));
                if (!paired) {
                    return false;
                }
                i++;
            }
        }
        return true;
    }
}
