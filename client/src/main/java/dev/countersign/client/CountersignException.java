package dev.countersign.client;

import java.io.IOException;
import java.net.ConnectException;
import java.net.NoRouteToHostException;
import java.net.UnknownHostException;
import java.time.Duration;
import org.apache.hc.client5.http.ClientProtocolException;
import org.apache.hc.client5.http.ConnectTimeoutException;

/** Why there is no answer of the wished-for kind. Each subclass says what the server did: nothing, or nobody knows. */
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
     * No connection came about, or no whole answer. A server that is being started again refuses connections, or is
     * silent; a name that has no address, a network without a way and one that speaks no HTTP stay so.
     */
    static CountersignException broken(IOException cause) {
        if (cause instanceof Tls.NoTlsException noTls) {
            return new UnreachableException(noTls.getMessage(), noTls, noTls.isPassing());
        }
        boolean refused = cause instanceof ConnectException || cause instanceof ConnectTimeoutException;
        return refused || cause instanceof UnknownHostException || cause instanceof NoRouteToHostException
                ? new UnreachableException(cause.getMessage(), cause, refused)
                : new UnknownFateException(
                        "the answer was lost: " + cause.getMessage(),
                        cause,
                        !(cause instanceof ClientProtocolException),
                        Duration.ZERO);
    }

    /** Whether something else may come of another attempt. */
    boolean isPassing() {
        return passing;
    }

    /** The pause that the server asked for; zero where it asked for none. */
    Duration retryAfter() {
        return retryAfter;
    }
}
