package dev.countersign.client;

import java.time.Duration;
import java.util.Optional;

/**
 * The outcome of a request is unknown. It was sent, but no answer says whether it was done: there was no answer, a
 * proxy's, or the server's own answer that something failed midway.
 *
 * <p>The call was retried until the time for retries ran out, or an answer made retries pointless. The texts may or may
 * not be in the log: all of the request's texts, or none. A registration may or may not have taken the id. Repeating
 * the call soon with the same key does nothing twice; with another key it may.
 */
public final class UnknownFateException extends CountersignException {

    private static final long serialVersionUID = 1;

    private final Problem problem; // null if there is none: Optional can't be serialized

    UnknownFateException(String how, Throwable cause, boolean passing, Duration retryAfter) {
        super("outcome unknown, " + how, cause, passing, retryAfter);
        problem = null;
    }

    UnknownFateException(Problem problem, Duration retryAfter) {
        super("outcome unknown: " + problem.text(), null, true, retryAfter);
        this.problem = problem;
    }

    /** The server's problem details, if the answer was the server's: {@code unavailable} or {@code internal-error}. */
    public Optional<Problem> problem() {
        return Optional.ofNullable(problem);
    }
}
