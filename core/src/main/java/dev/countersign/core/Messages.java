package dev.countersign.core;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Texts of one client that are logged next to each other, all or none.
 *
 * @param key tells a repeat of the same request
 * @param texts 1 to 1,000, each any Unicode text, the empty one included, but no lone surrogate
 * @param isList whether the client sent a list; one text alone and a list of it are not the same request
 */
public record Messages(ClientId id, Optional<RequestKey> key, List<String> texts, boolean isList) {

    public static final int MAX_TEXTS = 1_000;

    /** @throws IllegalArgumentException where there are no texts or too many, or one holds a lone surrogate */
    public Messages {
        Objects.requireNonNull(id, "id");
        Objects.requireNonNull(key, "key");
        texts = List.copyOf(texts);
        if (texts.isEmpty() || texts.size() > MAX_TEXTS || !isList && texts.size() > 1) {
            throw new IllegalArgumentException(texts.size() + " texts");
        }
        for (String text : texts) {
            if (!isText(text)) {
                throw new IllegalArgumentException("a text holds a lone surrogate");
            }
        }
    }

    /** One text without a key. */
    public static Messages of(ClientId id, String text) {
        return new Messages(id, Optional.empty(), List.of(text), false);
    }

    /** Whether each surrogate in it has its other half. */
    public static boolean isText(String value) {
        for (int i = 0; i < value.length(); i++) {
            if (Character.isSurrogate(value.charAt(i))) {
                if (!Character.isSupplementaryCodePoint(value.codePointAt(i))) { // as it is where it has its other half
                    return false;
                }
                i++;
            }
        }
        return true;
    }
}
