package dev.countersign.core.file;

import java.util.Optional;

/** What a client marks a request with, so that sending it again does not double it: 1 to 64 visible ASCII characters. */
public record RequestKey(String value) {

    private static final int MAX_LENGTH = 64;

    /** @throws IllegalArgumentException outside the alphabet or the length; the value is not repeated in it */
    public RequestKey {
        if (!isValid(value)) {
            throw new IllegalArgumentException("a key is 1 to 64 visible ASCII characters");
        }
    }

    /** The key that the text spells, or empty where it spells none. */
    public static Optional<RequestKey> parse(String text) {
        return isValid(text) ? Optional.of(new RequestKey(text)) : Optional.empty();
    }

    private static boolean isValid(String text) {
        return !text.isEmpty() && text.length() <= MAX_LENGTH && text.chars().allMatch(c -> c > ' ' && c < 0x7f);
    }
}
