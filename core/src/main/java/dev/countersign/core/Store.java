package dev.countersign.core;

import dev.countersign.core.sql.SqlRegistrations;
import java.io.Closeable;
import java.io.IOException;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/** All that the service keeps, opened and closed as one: the home folder, the registry and the message log. */
public final class Store implements Closeable {

    private final Home home;
    private final Registrations registrations;
    private final Registry registry;
    private final MessageLog messageLog;

    private Store(Home home, Registrations registrations, Registry registry, MessageLog messageLog) {
        this.home = home;
        this.registrations = registrations;
        this.registry = registry;
        this.messageLog = messageLog;
    }

    /**
     * Opens what the home folder holds, and closes that folder with itself.
     *
     * @param queueSize registrations, and messages, that may wait for their commit
     * @param registryCompletions runs what hangs on the stages of a batch of registrations
     * @param logCompletions the same of messages
     * @throws StartupException where something can't be opened; all of it is closed again
     */
    public static Store open(
            Home home, Sync sync, int queueSize, Executor registryCompletions, Executor logCompletions) {
        try {
            Registrations registrations = SqlRegistrations.open(home.database(), sync, queueSize, registryCompletions);
            return open(home, registrations, sync, queueSize, logCompletions);
        } catch (RuntimeException e) {
            home.close();
            throw e;
        }
    }

    private static Store open(
            Home home, Registrations registrations, Sync sync, int queueSize, Executor logCompletions) {
        try {
            MessageLog messageLog =
                    MessageLog.open(home.messageLog(), sync, queueSize, logCompletions, Clock.systemUTC());
            long cacheBytes = Runtime.getRuntime().maxMemory() / 8;
            Registry registry = new Registry(registrations, new CodeGenerator(new SecureRandom()), cacheBytes);
            return new Store(home, registrations, registry, messageLog);
        } catch (RuntimeException e) {
            registrations.close();
            throw e;
        }
    }

    public Home home() {
        return home;
    }

    public Registry registry() {
        return registry;
    }

    public MessageLog messageLog() {
        return messageLog;
    }

    /** Whether it can take registrations and messages. */
    public boolean healthy() {
        return registrations.healthy() && messageLog.healthy();
    }

    /**
     * Completes with the cause when a writer's thread has died: from then on this is not healthy and refuses its work,
     * and only a new process can help. Whoever opened this decides whether to end the process.
     */
    public CompletionStage<Throwable> writerDeath() {
        return registrations.writerDeath().applyToEither(messageLog.writerDeath(), cause -> cause);
    }

    /** Drains both writers, then closes the files. */
    @Override
    public void close() throws IOException {
        try (home;
                registrations;
                messageLog) {
            // closed in reverse order, whichever of them fails
        }
    }
}
