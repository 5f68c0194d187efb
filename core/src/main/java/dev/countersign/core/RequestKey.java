package dev.countersign.core;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.util.Optional;

/**
 * An idempotency key. A client gives it to a request, so that a repeat of the request has no second effect: 1 to 64
 * visible ASCII characters.
 *
 * <p>{@link #toString} hides it: whoever knows the key of a registration can replace the code for an hour.
 */
public record RequestKey(String value) {

    private static final int MAX_LENGTH = 64;

    /**
     * @throws IllegalArgumentException if the alphabet or the length is wrong; the message does not repeat the value
     */
    public RequestKey {
        if (!isValid(value)) {
            throw new IllegalArgumentException("a key is 1 to 64 visible ASCII characters");
        }
    }

    /** The key in a header's value, with or without double quotes; empty if it is not a key. */
    public static Optional<RequestKey> parse(String header) {
        boolean isQuoted = header.length() >= 2 && header.startsWith("\"") && header.endsWith("\"");
        String value = isQuoted ? header.substring(1, header.length() - 1) : header;
        return isValid(value) ? Optional.of(new RequestKey(value)) : Optional.empty();
    }

    private static boolean isValid(String text) {
        for (int i = 0; i < text.length(); i++) { // no stream: every keyed request comes here
            if (text.charAt(i) <= ' ' || text.charAt(i) >= 0x7f) {
                return false;
            }
        }
        return !text.isEmpty() && text.length() <= MAX_LENGTH;
    }

    /** The SHA-256 of the key's characters, 32 bytes. */
    public byte[] sha256() {
        return Code.sha256(value.getBytes(US_ASCII));
    }

    @Override
    public String toString() {
        return "RequestKey[hidden]";
    }
}
