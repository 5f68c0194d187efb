package dev.countersign.client;

import java.time.Duration;
import org.apache.hc.core5.http.HttpStatus;

/** The server refused the request and did nothing. */
public final class RefusedException extends CountersignException {

    private static final long serialVersionUID = 1;

    private final Problem problem;

    RefusedException(Problem problem, Duration retryAfter) {
        super("refused: " + problem.text(), null, isPassing(problem.status()), retryAfter);
        this.problem = problem;
    }

    private static boolean isPassing(int status) {
        return status >= HttpStatus.SC_SERVER_ERROR || status == HttpStatus.SC_TOO_MANY_REQUESTS;
    }

    /** Why the server refused. */
    public Problem problem() {
        return problem;
    }
}
