package dev.countersign.web.intake;

import dev.countersign.web.http.Problem;
import java.time.Duration;

/** The client's request is refused. This is not a bug, so it has no stack trace and is not logged. */
final class RefusalException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final Problem problem;
    private final transient byte[] json;
    private final String retryAfterSeconds;

    private RefusalException(Problem problem, byte[] json, String retryAfterSeconds) {
        super(problem.name(), null, false, false);
        this.problem = problem;
        this.json = json;
        this.retryAfterSeconds = retryAfterSeconds;
    }

    RefusalException(Problem problem) {
        this(problem, problem.json(), Problem.RETRY_AFTER_SECONDS);
    }

    /** @param detail must not contain anything that the client sent */
    RefusalException(Problem problem, String detail) {
        this(problem, problem.json(detail), Problem.RETRY_AFTER_SECONDS);
    }

    /** {@link Problem#TOO_MANY_REQUESTS}, with the time to wait. */
    RefusalException(Duration wait) {
        this(
                Problem.TOO_MANY_REQUESTS,
                Problem.TOO_MANY_REQUESTS.json(),
                Long.toString(wait.plusNanos(999_999_999).toSeconds()));
    }

    /** When to try again, if that may help. */
    String retryAfterSeconds() {
        return retryAfterSeconds;
    }

    Problem problem() {
        return problem;
    }

    byte[] json() {
        return json;
    }
}
