package dev.countersign.client;

import java.util.Arrays;
import java.util.Locale;

/** The kinds of refusals in the wire contract: the last word of a problem's type. */
public enum Refusal {
    MALFORMED_REQUEST,
    INVALID_ID,
    CREDENTIALS_MISSING,
    WRONG_CODE,
    NOT_FOUND,
    METHOD_NOT_ALLOWED,
    REQUEST_TIMEOUT,
    ID_TAKEN,
    BODY_TOO_LARGE,
    UNSUPPORTED_MEDIA_TYPE,
    KEY_REUSED,
    TOO_MANY_REQUESTS,
    HEADERS_TOO_LARGE,
    INTERNAL_ERROR,
    OVERLOADED,
    UNAVAILABLE,

    /** Any other kind, from a later version. */
    OTHER;

    private static final String TYPE_PREFIX = "urn:countersign:problem:";

    /** Whether a problem's type is Countersign's, of this version or a later one. */
    static boolean isCountersigns(String type) {
        return type.startsWith(TYPE_PREFIX);
    }

    static Refusal ofType(String type) {
        return Arrays.stream(values())
                .filter(refusal -> type.equals(refusal.type()))
                .findFirst()
                .orElse(OTHER);
    }

    private String type() {
        return TYPE_PREFIX + name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
