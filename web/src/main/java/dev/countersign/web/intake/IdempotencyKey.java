package dev.countersign.web.intake;

import dev.countersign.core.RequestKey;
import dev.countersign.web.http.Problem;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Enumeration;
import java.util.Optional;

/** The header {@code Idempotency-Key}, which identifies repeats of a request. */
final class IdempotencyKey {

    private IdempotencyKey() {}

    /**
     * The request's key; empty if it has no such header.
     *
     * @param minLength in characters
     * @throws RefusalException {@link Problem#MALFORMED_REQUEST} if the header is not a valid key, or there are two
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
