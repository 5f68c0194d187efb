package dev.countersign.core;

import java.io.Closeable;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * The table of registrations, whatever engine keeps it.
 *
 * <p>Safe for use by many threads; no call waits. A stage fails with {@link OverloadedException} where too many calls
 * wait already, and with {@link UnavailableException} where the table can't be used.
 */
public interface Registrations extends Closeable {

    /** Adds a registration: true once it is durable, false where the id is taken. */
    CompletionStage<Boolean> add(Registration registration);

    /** Finds the SHA-256 of an id's code; empty where nobody registered the id. */
    CompletionStage<Optional<byte[]>> findCodeSha256(ClientId id);

    /**
     * Names who is told, within two seconds, that another process has changed the table. What is found from then on is
     * as that process left it; what was found before may be out of date. To be called once, before the first look-up.
     */
    void onForeignChange(Runnable listener);

    /** Whether registrations can be added and found. */
    boolean healthy();

    /** Completes with the cause when a thread of the engine dies: from then on every call fails, for good. */
    CompletionStage<Throwable> writerDeath();

    /** Takes no more calls and completes those that wait. */
    @Override
    void close();
}
