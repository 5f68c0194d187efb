package dev.countersign.web.operator;

/** What the operator asks for can't be done; no defect, so it has no stack trace. */
final class OperatorException extends RuntimeException {

    private static final long serialVersionUID = 1;

    private final int status;

    /** @param detail a sentence for the operator */
    OperatorException(int status, String detail) {
        super(detail, null, false, false);
        this.status = status;
    }

    int status() {
        return status;
    }
}
