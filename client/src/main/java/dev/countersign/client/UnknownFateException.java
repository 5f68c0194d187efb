package dev.countersign.client;

import java.util.Optional;

/**
 * The request went out, and no answer came back that says what became of it: none at all, a proxy's, or the server's own
 * that something failed under way.
 *
 * <p>It was tried again until the time for that ran out, or an answer left no hope. Texts may or may not be in the log: all
 * of the request's, or none. A registration may or may not have taken the id. The same call with the same key, soon, does
 * neither twice; with another key it may.
 */
public final class UnknownFateException extends CountersignException {

    private static final long serialVersionUID = 1;

    private final Problem problem; // null where there is none: Optional can't be serialized

    private UnknownFateException(String message, Problem problem, Throwable cause) {
        super("fate unknown" + message, cause);
        this.problem = problem;
    }

    static UnknownFateException lost(String how, Throwable cause) {
        return new UnknownFateException(", " + how, null, cause);
    }

    static UnknownFateException of(Problem problem) {
        return new UnknownFateException(": " + problem.text(), problem, null);
    }

    static UnknownFateException stranger(Answer answer) {
        return new UnknownFateException(
                ", the answer is none of Countersign's: " + (answer.status() + " " + answer.reason()).strip(),
                null,
                null);
    }

    /** The server's own words, where the answer was its: {@code unavailable}, or {@code internal-error}. */
    public Optional<Problem> problem() {
        return Optional.ofNullable(problem);
    }
}
