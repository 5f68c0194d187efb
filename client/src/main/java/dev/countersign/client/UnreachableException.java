package dev.countersign.client;

/** Nothing was sent, as no connection came about: the same call may succeed later. */
public final class UnreachableException extends CountersignException {

    private static final long serialVersionUID = 1;

    UnreachableException(String why, Throwable cause) {
        super("unreachable, nothing was sent: " + why, cause);
    }

    /** Of a text that was to follow one that nobody knows to be logged. */
    static UnreachableException behind(Throwable failure) {
        return new UnreachableException("a text before it failed: " + failure.getMessage(), failure);
    }

    static UnreachableException interrupted(InterruptedException cause) {
        return new UnreachableException("interrupted", cause);
    }
}
