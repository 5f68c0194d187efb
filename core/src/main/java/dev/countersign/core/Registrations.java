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
 * The table of registrations, whatever engine keeps it.
 *
 * <p>Safe for use by many threads; no call waits. A stage fails with {@link OverloadedException} where too many calls
 * wait already, and with {@link UnavailableException} where the table can't be used.
 */
public interface Registrations extends Closeable {

    /** How long after a registration a request with its key may replace the code. */
    Duration REPEATABLE = Duration.ofHours(1);

    /** What became of a registration. */
    enum Outcome {
        ADDED,
        /** The same key registered this id within {@link #REPEATABLE}; the new code has replaced the old one. */
        REPLACED,
        TAKEN
    }

    /** Adds a registration, or replaces its code; tells once it is durable. Those of one id take effect as submitted. */
    CompletionStage<Outcome> add(Registration registration);

    /** Finds what is accepted of an id; empty where nobody registered the id, or its code was revoked. */
    CompletionStage<Optional<CodeDigests>> findCodes(ClientId id);

    /**
     * Gives an id a next code, which replaces a next one that nobody has used. Where the presented one is the next code
     * itself, it becomes the current one first.
     *
     * @return whether the presented one is a code of the id; once the change is durable
     */
    CompletionStage<Boolean> rotate(ClientId id, byte[] presentedSha256, byte[] nextSha256);

    /**
     * Gives an id a new code at once, whatever it has; every other one ends.
     *
     * @return whether the id is registered and not revoked; once the change is durable
     */
    CompletionStage<Boolean> replace(ClientId id, byte[] codeSha256);

    /** Ends every code of an id for good, now; false where the id is not registered, or revoked already. */
    CompletionStage<Boolean> revoke(ClientId id);

    /**
     * Reads the table while others change it; the caller waits.
     *
     * @param after the ids that follow this text in the order of their bytes
     */
    List<Stored> list(String after, int limit) throws IOException;

    /**
     * A row of the table.
     *
     * @param registered empty where an earlier version registered it
     * @param revoked since when no code is accepted
     */
    record Stored(ClientId id, Optional<Instant> registered, Optional<Instant> revoked) {}

    /** Makes an id's next code the current one, and so ends the former; false where this is not its next code. */
    CompletionStage<Boolean> promote(ClientId id, byte[] nextSha256);

    /**
     * Names who is told, within two seconds, what another process has changed in the table. What is found from then on is
     * as that process left it; what was found before may be out of date. To be called once, before the first look-up.
     *
     * @param all where any row may have changed
     * @param one the row of that id has changed
     */
    void onForeignChange(Runnable all, Consumer<ClientId> one);

    /** Whether what was found before may still be used: false where others' changes have not been seen for too long. */
    boolean mayUseKnownCodes();

    /** Why registrations can't be added or found, in words; empty where they can. */
    Optional<String> trouble();

    /** Of the changes to the table. */
    GroupCommit.Figures figures();

    /** Completes with the cause when a thread of the engine dies: from then on every call fails, for good. */
    CompletionStage<Throwable> writerDeath();

    /** Takes no more calls and completes those that wait. */
    @Override
    void close();
}
