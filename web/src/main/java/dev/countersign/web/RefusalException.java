package dev.countersign.web;

/** The client's request is refused; no defect of ours, so it has no stack trace and is not logged. */
final class RefusalException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final Problem problem;
    private final transient byte[] json;

    RefusalException(Problem problem) {
        super(problem.name(), null, false, false);
        this.problem = problem;
        this.json = problem.json();
    }

    /** @param detail holds nothing that the client sent */
    RefusalException(Problem problem, String detail) {
        super(problem.name(), null, false, false);
        this.problem = problem;
        this.json = problem.json(detail);
    }

    Problem problem() {
        return problem;
    }

    byte[] json() {
        return json;
    }
}
