package dev.countersign.core;

import java.security.SecureRandom;
import java.util.Base64;

/**
 * Makes unguessable codes: 144 bits from a {@link SecureRandom}, as 24 URL-safe characters.
 *
 * <p>Codes are unique for all practical purposes: among 2^40 codes the probability of a duplicate is below 2^-64. Safe
 * for use by many threads.
 */
public final class CodeGenerator {

    private static final int BYTES = 18; // a multiple of 3: Base64 without padding
    private static final Base64.Encoder BASE64 = Base64.getUrlEncoder();

    private final SecureRandom random;

    public CodeGenerator(SecureRandom random) {
        this.random = random;
    }

    public Code next() {
        byte[] bytes = new byte[BYTES];
        random.nextBytes(bytes);
        return new Code(BASE64.encodeToString(bytes));
    }
}
