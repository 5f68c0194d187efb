package dev.countersign.client;

import java.util.Arrays;

/** The refusals that the wire contract knows, each the last word of a problem's type. */
public enum Refusal {
    MALFORMED_REQUEST("malformed-request"),
    INVALID_ID("invalid-id"),
    CREDENTIALS_MISSING("credentials-missing"),
    WRONG_CODE("wrong-code"),
    NOT_FOUND("not-found"),
    METHOD_NOT_ALLOWED("method-not-allowed"),
    REQUEST_TIMEOUT("request-timeout"),
    ID_TAKEN("id-taken"),
    BODY_TOO_LARGE("body-too-large"),
    UNSUPPORTED_MEDIA_TYPE("unsupported-media-type"),
    KEY_REUSED("key-reused"),
    TOO_MANY_REQUESTS("too-many-requests"),
    HEADERS_TOO_LARGE("headers-too-large"),
    INTERNAL_ERROR("internal-error"),
    OVERLOADED("overloaded"),
    UNAVAILABLE("unavailable"),

    /** None of these: a later version's. */
    OTHER("");

    private static final String TYPE_PREFIX = "urn:countersign:problem:";

    private final String word;

    Refusal(String word) {
        this.word = word;
    }

    /** Whether a problem's type is one of Countersign's, of this version or a later one. */
    static boolean isCountersigns(String type) {
        return type.startsWith(TYPE_PREFIX);
    }

    static Refusal ofType(String type) {
        return Arrays.stream(values())
                .filter(refusal -> type.equals(TYPE_PREFIX + refusal.word))
                .findFirst()
                .orElse(OTHER);
    }
}
