package dev.countersign.client;

import java.security.SecureRandom;
import java.util.Base64;
import java.util.regex.Pattern;

/** Names a request, so that the server knows a repeat of it. */
final class Key {

    private static final SecureRandom RANDOM = new SecureRandom(); // who guesses a registration's gets its code
    private static final Pattern VISIBLE_ASCII = Pattern.compile("[!-~]*");
    private static final int MAX_LENGTH = 64;

    private Key() {}

    /** 22 characters that nobody has used yet. */
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
                    "key: not " + minLength + " to " + MAX_LENGTH + " visible ASCII characters");
        }
    }
}
