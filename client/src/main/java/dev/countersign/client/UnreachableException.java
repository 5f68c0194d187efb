package dev.countersign.client;

import java.time.Duration;

/** No connection could be made, so nothing was sent. The same call may succeed later. */
public final class UnreachableException extends CountersignException {

    private static final long serialVersionUID = 1;

    UnreachableException(String why, Throwable cause, boolean passing) {
        super("unreachable, nothing was sent: " + why, cause, passing, Duration.ZERO);
    }

    static UnreachableException interrupted(InterruptedException cause) {
        return new UnreachableException("interrupted", cause, false);
    }
}
