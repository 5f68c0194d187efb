package dev.countersign.core;

import java.time.Instant;
import java.util.List;

/** The outcome of appending messages to the log. */
public sealed interface Appended {

    /**
     * The messages are durable.
     *
     * @param receipts one for each text, in order; opaque, and the same as in the log
     * @param time as in the log, in microseconds
     */
    record Logged(List<String> receipts, Instant time) implements Appended {}

    /** The same request with the same key was logged before, with these receipts; nothing was logged now. */
    record Repeated(List<String> receipts, Instant time) implements Appended {}

    /** This client used the key for another request; nothing was logged. */
    record KeyReused() implements Appended {}
}
