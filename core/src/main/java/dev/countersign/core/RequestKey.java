package dev.countersign.core;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Optional;

/**
 * What a client marks a request with, so that sending it again does not double it: 1 to 64 visible ASCII characters.
 *
 * <p>{@link #toString} hides it: with that of a registration anybody can replace the code for an hour.
 */
public record RequestKey(String value) {

    private static final int MAX_LENGTH = 64;

    /** @throws IllegalArgumentException outside the alphabet or the length; the value is not repeated in it */
    public RequestKey {
        if (!isValid(value)) {
            throw new IllegalArgumentException("a key is 1 to 64 visible ASCII characters");
        }
    }

    /** The key that a header says, with or without double quotes around it; empty where it says none. */
    public static Optional<RequestKey> parse(String header) {
        boolean isQuoted = header.length() >= 2 && header.startsWith("\"") && header.endsWith("\"");
        String value = isQuoted ? header.substring(1, header.length() - 1) : header;
        return isValid(value) ? Optional.of(new RequestKey(value)) : Optional.empty();
    }

    private static boolean isValid(String text) {
        for (int i = 0; i < text.length(); i++) { // no stream: this is on every keyed request's way
            if (text.charAt(i) <= ' ' || text.charAt(i) >= 0x7f) {
                return false;
            }
        }
        return !text.isEmpty() && text.length() <= MAX_LENGTH;
    }

    /** The SHA-256 of its characters, 32 bytes. */
    public byte[] sha256() {
        return Code.sha256(value.getBytes(US_ASCII));
    }

    @Override
    public String toString() {
        return "RequestKey[hidden]";
    }
}
