package dev.countersign.core;

import java.time.Instant;
import java.util.List;

/** What became of messages that were to be logged. */
public sealed interface Appended {

    /**
     * They are durable.
     *
     * @param receipts one for each text, in order: opaque, and the same as in the log
     * @param time as the log says it, microseconds
     */
    record Logged(List<String> receipts, Instant time) implements Appended {}

    /** The same request with the same key was logged before, as this says; nothing was logged now. */
    record Repeated(List<String> receipts, Instant time) implements Appended {}

    /** Another request of this client had the same key; nothing was logged. */
    record KeyReused() implements Appended {}
}
