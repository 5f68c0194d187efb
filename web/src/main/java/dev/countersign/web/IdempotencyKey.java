package dev.countersign.web;

import dev.countersign.core.RequestKey;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Enumeration;
import java.util.Optional;

/** The header {@code Idempotency-Key}, by which a client makes a repeat of a request known as such. */
final class IdempotencyKey {

    private IdempotencyKey() {}

    /**
     * The request's key; empty where it has no such header.
     *
     * @param minLength in characters
     * @throws RefusalException {@link Problem#MALFORMED_REQUEST} where the header holds no such key, or comes twice
     */
    static Optional<RequestKey> of(HttpServletRequest request, int minLength) {
        Enumeration<String> values = request.getHeaders("Idempotency-Key");
        if (!values.hasMoreElements()) {
            return Optional.empty();
        }
        Optional<RequestKey> key = RequestKey.parse(values.nextElement())
                .filter(parsed -> parsed.value().length() >= minLength);
        if (key.isEmpty() || values.hasMoreElements()) {
            throw new RefusalException(
                    Problem.MALFORMED_REQUEST,
                    "The header Idempotency-Key must come once and hold " + minLength
                            + " to 64 visible ASCII characters.");
        }
        return key;
    }
}
