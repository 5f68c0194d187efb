package dev.countersign.core;

/** The service can't start; the message says why and how to mend it, for the person at the terminal. */
public final class StartupException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public StartupException(String message) {
        super(message);
    }

    public StartupException(String message, Throwable cause) {
        super(message, cause);
    }
}
