package dev.countersign.core;

/** The log or the database can't be used now; nothing was acknowledged. The cause was logged where it happened. */
public final class UnavailableException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public UnavailableException(String message, Throwable cause) {
        super(message, cause, false, false);
    }
}
