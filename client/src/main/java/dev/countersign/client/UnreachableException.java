package dev.countersign.client;

/** No connection came about: nothing was sent, and the same call may succeed later. */
public final class UnreachableException extends CountersignException {

    private static final long serialVersionUID = 1;

    UnreachableException(String message, Throwable cause) {
        super(message, cause);
    }
}
