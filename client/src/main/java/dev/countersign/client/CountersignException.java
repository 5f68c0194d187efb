package dev.countersign.client;

/** Why there is no answer of the wished-for kind. Each subclass says what the server did: nothing, or nobody knows. */
public abstract sealed class CountersignException extends Exception
        permits RefusedException, UnreachableException, UnknownFateException {

    private static final long serialVersionUID = 1;

    CountersignException(String message, Throwable cause) {
        super(message, cause);
    }
}
