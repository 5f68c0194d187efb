package dev.countersign.client;

import java.io.IOException;
import java.net.UnknownHostException;
import java.time.Duration;
import org.apache.hc.client5.http.ClientProtocolException;

/** A call failed. The subclass tells whether the server did nothing, or whether that is unknown. */
public abstract sealed class CountersignException extends Exception
        permits RefusedException, UnreachableException, UnknownFateException {

    private static final long serialVersionUID = 1;

    private final boolean passing;
    private final Duration retryAfter;

    CountersignException(String message, Throwable cause, boolean passing, Duration retryAfter) {
        super(message, cause);
        this.passing = passing;
        this.retryAfter = retryAfter;
    }

    /**
     * There was no connection, or no complete answer. A failure without a connection passes, except an unknown host
     * name. A lost answer passes, unless the peer does not speak HTTP.
     */
    static CountersignException broken(IOException cause, boolean wasSent) {
        if (cause.getCause() instanceof UnreachableException noTls) {
            return noTls;
        }
        return wasSent
                ? new UnknownFateException(
                        "the answer was lost: " + cause.getMessage(),
                        cause,
                        !(cause instanceof ClientProtocolException),
                        Duration.ZERO)
                : new UnreachableException(cause.getMessage(), cause, !(cause instanceof UnknownHostException));
    }

    /** Whether another attempt may have a different result. */
    boolean isPassing() {
        return passing;
    }

    /** The pause that the server asked for; zero if it asked for none. */
    Duration retryAfter() {
        return retryAfter;
    }
}
