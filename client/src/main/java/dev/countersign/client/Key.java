package dev.countersign.client;

import java.security.SecureRandom;
import java.util.Base64;
import java.util.regex.Pattern;

/** Idempotency keys: they name a request, so that the server recognizes a repeat of it. */
final class Key {

    /** Secure, because whoever guesses the key of a registration can get its code. */
    private static final SecureRandom RANDOM = new SecureRandom();

    /** Not in quotes: the server takes those for a quoted key. */
    private static final Pattern VISIBLE_ASCII = Pattern.compile("(?!\".*\"$)[!-~]*");

    private static final int MAX_LENGTH = 64;

    private Key() {}

    /** A new key of 22 characters, unique and unguessable. */
    static String random() {
        byte[] bytes = new byte[16];
        RANDOM.nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    static void check(String key, int minLength) {
        if (key.length() < minLength
                || key.length() > MAX_LENGTH
                || !VISIBLE_ASCII.matcher(key).matches()) {
            throw new IllegalArgumentException(
                    "key: must be " + minLength + " to " + MAX_LENGTH + " visible ASCII characters, not in quotes");
        }
    }
}
