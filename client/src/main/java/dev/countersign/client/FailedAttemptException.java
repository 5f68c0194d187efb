package dev.countersign.client;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.time.Duration;
import org.apache.hc.client5.http.ClientProtocolException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.core5.http.HttpStatus;

/** One attempt of a call came to nothing: what the caller is told if it was the last, and whether another makes sense. */
final class FailedAttemptException extends Exception {

    private static final long serialVersionUID = 1;

    private final CountersignException outcome;
    private final boolean passing;
    private final Duration retryAfter;

    private FailedAttemptException(CountersignException outcome, boolean passing, Duration retryAfter) {
        super(outcome);
        this.outcome = outcome;
        this.passing = passing;
        this.retryAfter = retryAfter;
    }

    /**
     * No connection came about, or no whole answer. A server that is being started again refuses connections, or is
     * silent; a name that has no address, a network without a way and one that speaks no HTTP stay so.
     */
    static FailedAttemptException broken(IOException cause) {
        boolean refused = cause instanceof ConnectException || cause instanceof ConnectTimeoutException;
        return refused || cause instanceof UnknownHostException || cause instanceof NoRouteToHostException
                ? new FailedAttemptException(
                        new UnreachableException(cause.getMessage(), cause), refused, Duration.ZERO)
                : new FailedAttemptException(
                        UnknownFateException.lost("the answer was lost: " + cause.getMessage(), cause),
                        !(cause instanceof ClientProtocolException),
                        Duration.ZERO);
    }

    /** The answer says yes, and is not what Countersign says with it; it may have broken off. */
    static FailedAttemptException unreadable(RuntimeException cause) {
        return new FailedAttemptException(
                UnknownFateException.lost("the answer is none of Countersign's", cause), true, Duration.ZERO);
    }

    /**
     * The answer is another than the one asked for. Only Countersign's own can say that nothing was done: a proxy's 502
     * may come after the message was logged, and a 500 or an {@code unavailable} of the server's own, too.
     */
    static FailedAttemptException answered(Answer answer) {
        boolean failure = answer.status() >= HttpStatus.SC_SERVER_ERROR;
        return answer.problem()
                .map(problem -> failure && problem.refusal() != Refusal.OVERLOADED
                        ? failed(UnknownFateException.of(problem), true, answer)
                        : failed(new RefusedException(problem), failure, answer))
                .orElseGet(() -> failed(UnknownFateException.stranger(answer), failure, answer));
    }

    private static FailedAttemptException failed(CountersignException outcome, boolean passing, Answer answer) {
        return new FailedAttemptException(outcome, passing, answer.retryAfter());
    }

    CountersignException outcome() {
        return outcome;
    }

    /** Whether something else may come of another attempt. */
    boolean isPassing() {
        return passing;
    }

    /** What the server asked for; zero where it asked for nothing. */
    Duration retryAfter() {
        return retryAfter;
    }
}
