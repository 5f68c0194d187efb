package dev.countersign.client;

/** The server did not do what it was asked for, and says so itself. */
public final class RefusedException extends CountersignException {

    private static final long serialVersionUID = 1;

    private final Problem problem;

    RefusedException(Problem problem) {
        super("refused: " + problem.text(), null);
        this.problem = problem;
    }

    /** Why. */
    public Problem problem() {
        return problem;
    }
}
