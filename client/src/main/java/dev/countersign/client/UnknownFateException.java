package dev.countersign.client;

import java.time.Duration;
import java.util.Optional;

/**
 * The request went out, and no answer came back that says what became of it: none at all, a proxy's, or the server's own
 * that something failed under way.
 *
 * <p>It was tried again until the time for that ran out, or an answer left no hope. Texts may or may not be in the log: all
 * of the request's, or none. A registration may or may not have taken the id. The same call with the same key, soon, does
 * neither twice; with another key it may.
 */
public final class UnknownFateException extends CountersignException {

    private static final long serialVersionUID = 1;

    private final Problem problem; // null where there is none: Optional can't be serialized

    UnknownFateException(String how, Throwable cause, boolean passing, Duration retryAfter) {
        super("fate unknown, " + how, cause, passing, retryAfter);
        problem = null;
    }

    UnknownFateException(Problem problem, Duration retryAfter) {
        super("fate unknown: " + problem.text(), null, true, retryAfter);
        this.problem = problem;
    }

    /** The server's own words, where the answer was its: {@code unavailable}, or {@code internal-error}. */
    public Optional<Problem> problem() {
        return Optional.ofNullable(problem);
    }
}
