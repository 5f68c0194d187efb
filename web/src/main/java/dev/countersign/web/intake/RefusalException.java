package dev.countersign.web.intake;

import dev.countersign.web.http.Problem;
import java.time.Duration;
import java.util.Map;

/** The client's request is refused. This is not a bug, so it has no stack trace and is not logged. */
final class RefusalException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final Problem problem;
    private final transient byte[] json;
    private final transient Map<String, String> headers;

    private RefusalException(Problem problem, byte[] json, Map<String, String> headers) {
        super(problem.name(), null, false, false);
        this.problem = problem;
        this.json = json;
        this.headers = headers;
    }

    RefusalException(Problem problem) {
        this(problem, problem.json(), problem.headers());
    }

    /** @param detail must not contain anything that the client sent */
    RefusalException(Problem problem, String detail) {
        this(problem, problem.json(detail), problem.headers());
    }

    /** {@link Problem#TOO_MANY_REQUESTS}, with the time to wait. */
    RefusalException(Duration wait) {
        this(
                Problem.TOO_MANY_REQUESTS,
                Problem.TOO_MANY_REQUESTS.json(),
                Map.of("Retry-After", Long.toString(wait.plusNanos(999_999_999).toSeconds())));
    }

    Map<String, String> headers() {
        return headers;
    }

    Problem problem() {
        return problem;
    }

    byte[] json() {
        return json;
    }
}
