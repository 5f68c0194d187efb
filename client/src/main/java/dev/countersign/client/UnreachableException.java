package dev.countersign.client;

import java.time.Duration;

/** Nothing was sent: there was no connection, or the client is closed. The same call may succeed later. */
public final class UnreachableException extends CountersignException {

    private static final long serialVersionUID = 1;

    UnreachableException(String why, Throwable cause, boolean passing) {
        super("unreachable, nothing was sent: " + why, cause, passing, Duration.ZERO);
    }

    /** The thread stays interrupted. */
    static UnreachableException interrupted(InterruptedException cause) {
        Thread.currentThread().interrupt();
        return new UnreachableException("interrupted", cause, false);
    }
}
