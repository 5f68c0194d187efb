package dev.countersign.client;

import java.io.IOException;
import java.net.ConnectException;
import java.time.Duration;
import org.apache.hc.client5.http.ClientProtocolException;
import org.apache.hc.client5.http.ConnectTimeoutException;
import org.apache.hc.core5.http.HttpStatus;

/** One attempt of a call came to nothing: what the caller is told if it was the last, and whether another makes sense. */
final class FailedAttemptException extends Exception {

    private static final long serialVersionUID = 1;

    /** When a call may be tried again. */
    enum Retry {
        /** The same would come of it. */
        NEVER,
        /** Where the caller accepts that it may then be done twice. */
        IF_TWICE_IS_FINE,
        /** Nothing was done. */
        ALWAYS
    }

    private final CountersignException outcome;
    private final Retry retry;
    private final Duration retryAfter;

    private FailedAttemptException(CountersignException outcome, Retry retry, Duration retryAfter) {
        super(outcome);
        this.outcome = outcome;
        this.retry = retry;
        this.retryAfter = retryAfter;
    }

    /** No connection came about. A server that is being started again refuses some, or is silent; no name is found later. */
    static FailedAttemptException unreachable(IOException cause) {
        boolean hope = cause instanceof ConnectException || cause instanceof ConnectTimeoutException;
        return new FailedAttemptException(
                new UnreachableException("unreachable, nothing was sent: " + cause.getMessage(), cause),
                hope ? Retry.ALWAYS : Retry.NEVER,
                Duration.ZERO);
    }

    /** The request went out, and no whole answer came; or one that is no HTTP, which won't change. */
    static FailedAttemptException lost(IOException cause) {
        return new FailedAttemptException(
                UnknownFateException.lost("the answer was lost: " + cause.getMessage(), cause),
                cause instanceof ClientProtocolException ? Retry.NEVER : Retry.IF_TWICE_IS_FINE,
                Duration.ZERO);
    }

    /**
     * The answer is another than the one asked for. Only Countersign's own can say that nothing was done: a proxy's 502
     * may come after the message was logged, and a 500 or an {@code unavailable} of the server's own, too.
     */
    static FailedAttemptException answered(Answer answer) {
        Retry again = isPassing(answer.status()) ? Retry.IF_TWICE_IS_FINE : Retry.NEVER;
        return answer.problem()
                .map(problem -> switch (problem.refusal()) {
                    case OVERLOADED -> failed(new RefusedException(problem), Retry.ALWAYS, answer);
                    default ->
                        problem.status() < HttpStatus.SC_SERVER_ERROR
                                ? failed(new RefusedException(problem), Retry.NEVER, answer)
                                : failed(UnknownFateException.of(problem), again, answer);
                })
                .orElseGet(() -> failed(UnknownFateException.stranger(answer), again, answer));
    }

    /** What its server, or a proxy before it, says while it can't be used. */
    private static boolean isPassing(int status) {
        return status == HttpStatus.SC_BAD_GATEWAY
                || status == HttpStatus.SC_SERVICE_UNAVAILABLE
                || status == HttpStatus.SC_GATEWAY_TIMEOUT;
    }

    private static FailedAttemptException failed(CountersignException outcome, Retry retry, Answer answer) {
        return new FailedAttemptException(outcome, retry, answer.retryAfter());
    }

    CountersignException outcome() {
        return outcome;
    }

    Retry retry() {
        return retry;
    }

    /** What the server asked for; zero where it asked for nothing. */
    Duration retryAfter() {
        return retryAfter;
    }
}
