package dev.countersign.core;

import java.util.Optional;

/** The name that a client chose: 1 to 64 characters of {@code A-Z a-z 0-9 . _ -}. */
public record ClientId(String value) {

    public static final int MAX_LENGTH = 64;

    /**
     * @throws IllegalArgumentException if the alphabet or the length is wrong; the message does not repeat the value
     */
    public ClientId {
        if (!isValid(value)) {
            throw new IllegalArgumentException("an id is 1 to 64 of A-Z a-z 0-9 . _ -");
        }
    }

    /** The text as an id; empty if it is not one. */
    public static Optional<ClientId> parse(String text) {
        return isValid(text) ? Optional.of(new ClientId(text)) : Optional.empty();
    }

    private static boolean isValid(String text) {
        if (text.isEmpty() || text.length() > MAX_LENGTH) {
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            if (!isAllowed(text.charAt(i))) {
                return false;
            }
        }
        return true;
    }

    public static boolean isAllowed(char c) {
        return (c >= 'a' && c <= 'z')
                || (c >= 'A' && c <= 'Z')
                || (c >= '0' && c <= '9')
                || c == '.'
                || c == '_'
                || c == '-';
    }

    @Override
    public String toString() {
        return value;
    }
}
