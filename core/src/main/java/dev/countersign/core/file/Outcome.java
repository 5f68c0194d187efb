package dev.countersign.core.file;

/** What became of a request to log messages. */
public sealed interface Outcome {

    /**
     * Its lines are durable.
     *
     * @param firstReceipt of its first line; those of the others follow by one
     * @param count of its lines
     * @param time as the lines say it: RFC 3339 in UTC with six digits of a second
     */
    record Logged(long firstReceipt, int count, String time) implements Outcome {}

    /** The same request with the same key was logged before, as this says. */
    record Repeated(long firstReceipt, int count, String time) implements Outcome {}

    /** Another request of this client had the same key; nothing was logged. */
    record KeyReused() implements Outcome {}
}
