package dev.countersign.client;

/** The server answered, and not with what was asked for: nothing was acknowledged. */
public final class RefusedException extends CountersignException {

    private static final long serialVersionUID = 1;

    private final Problem problem;

    RefusedException(Problem problem) {
        super("refused: " + problem.status() + " " + problem.title() + suffix(problem.detail()), null);
        this.problem = problem;
    }

    /** Why. */
    public Problem problem() {
        return problem;
    }

    private static String suffix(String detail) {
        return detail.isEmpty() ? "" : ": " + detail;
    }
}
