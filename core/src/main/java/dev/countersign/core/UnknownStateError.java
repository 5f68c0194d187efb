package dev.countersign.core;

/**
 * After a failed flush nobody knows what is on disk. Only the next start can find out; so the engine ends, and with it
 * the process.
 */
public final class UnknownStateError extends Error {

    private static final long serialVersionUID = 1;

    public UnknownStateError(String message, Throwable cause) {
        super(message, cause);
    }
}
