package dev.countersign.core;

/** The queue is full. Nothing was done, and the same call may succeed a moment later. */
public final class OverloadedException extends RuntimeException {

    private static final long serialVersionUID = 1;

    public OverloadedException() {
        // one for each refused request of a flood: no stack trace, it would say nothing
        super("the queue is full", null, false, false);
    }
}
