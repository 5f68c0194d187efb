package dev.countersign.core;

import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * The table of registrations, independent of the engine.
 *
 * <p>Safe for use by many threads; no call blocks, except {@link #list}. A stage fails with {@link OverloadedException}
 * if too many calls wait, and with {@link UnavailableException} if the table can't be used.
 */
public interface Registrations extends Closeable {

    /** How long after a registration a request with its key may replace the code. */
    Duration REPEATABLE = Duration.ofHours(1);

    /** The outcome of a registration. */
    enum Outcome {
        ADDED,
        /** The same key registered this id within {@link #REPEATABLE}; the new code has replaced the old one. */
        REPLACED,
        TAKEN
    }

    /**
     * Adds a registration, or replaces its code; completes when that is durable. Registrations of one id take effect in
     * the order submitted.
     */
    CompletionStage<Outcome> add(Registration registration);

    /** Finds the hashes of an id's accepted codes; empty if the id is not registered or was revoked. */
    CompletionStage<Optional<CodeDigests>> findCodes(ClientId id);

    /**
     * Gives an id a next code, which replaces an unused next code. If the presented code is the next code, it becomes
     * the current one first.
     *
     * @return whether the presented code belongs to the id; completes when the change is durable
     */
    CompletionStage<Boolean> rotate(ClientId id, byte[] presentedSha256, byte[] nextSha256);

    /**
     * Gives an id a new code at once; all its other codes end.
     *
     * @return whether the id is registered and not revoked; completes when the change is durable
     */
    CompletionStage<Boolean> replace(ClientId id, byte[] codeSha256);

    /** Ends all codes of an id at once and for good; false if the id is not registered, or revoked already. */
    CompletionStage<Boolean> revoke(ClientId id);

    /**
     * Reads rows of the table, in the order of the ids' bytes. Blocks the caller, and nobody else.
     *
     * @param after only ids that come after this text
     */
    List<Stored> list(String after, int limit) throws IOException;

    /**
     * A row of the table.
     *
     * @param registered empty if version 0.1.0 registered the id
     * @param revoked since when no code is accepted; empty if codes are accepted
     */
    record Stored(ClientId id, Optional<Instant> registered, Optional<Instant> revoked) {}

    /** Makes an id's next code the current one, which ends the former code; false if this is not the next code. */
    CompletionStage<Boolean> promote(ClientId id, byte[] nextSha256);

    /**
     * Sets the listeners for changes of rows; a new row is none. They are called when a change by this process is
     * durable, before its stage completes, and within two seconds of a change by another process. Lookups after that see
     * the change; results from before may be out of date. To be called once, before the first lookup.
     *
     * @param all is called if any row may have changed
     * @param one is called with an id whose row has changed
     */
    void onChange(Runnable all, Consumer<ClientId> one);

    /** Whether earlier results may still be used; false if the check for changes by others has failed for too long. */
    boolean mayUseKnownCodes();

    /** Why registrations can't be added or found; empty if they can. */
    Optional<String> trouble();

    /** The figures of the changes to the table. */
    GroupCommit.Figures figures();

    /** Completes with the cause when a thread of the engine dies. From then on every call fails. */
    CompletionStage<Throwable> writerDeath();

    /** Accepts no more calls and completes the queued ones. */
    @Override
    void close();
}
