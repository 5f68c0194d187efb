package dev.countersign.core;

import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Texts of one client that are logged next to each other, all or none.
 *
 * @param key identifies a repeat of the same request
 * @param texts 1 to 1,000; each is any Unicode text, including the empty one, without lone surrogates
 * @param isList whether the client sent a list; a single text and a list with one text are different requests
 */
public record Messages(ClientId id, Optional<RequestKey> key, List<String> texts, boolean isList) {

    public static final int MAX_TEXTS = 1_000;

    /** @throws IllegalArgumentException if there are no texts or too many, or one has a lone surrogate */
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

    /** Whether the value has no lone surrogate. */
    public static boolean isText(String value) {
        for (int i = 0; i < value.length(); i++) {
            if (Character.isSurrogate(value.charAt(i))) {
                if (!Character.isSupplementaryCodePoint(value.codePointAt(i))) { // a pair gives a supplementary one
                    return false;
                }
                i++;
            }
        }
        return true;
    }
}
