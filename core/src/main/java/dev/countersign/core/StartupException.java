package dev.countersign.core;

/** The server or command can't start; the message tells the user why, and what to change. */
public final class StartupException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final boolean mayPass;

    public StartupException(String message) {
        this(message, null);
    }

    public StartupException(String message, Throwable cause) {
        this(message, cause, false);
    }

    /** @param mayPass whether another attempt may succeed although nobody changes a setting */
    public StartupException(String message, Throwable cause, boolean mayPass) {
        super(message, cause);
        this.mayPass = mayPass;
    }

    public boolean mayPass() {
        return mayPass;
    }
}
