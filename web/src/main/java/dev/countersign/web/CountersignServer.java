package dev.countersign.web;

import dev.countersign.core.Home;
import dev.countersign.core.MemoryBudget;
import dev.countersign.core.StartupException;
import dev.countersign.core.Store;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Map;
import java.util.concurrent.CompletionStage;

/** The service: what it keeps, and HTTP in front of it. */
public final class CountersignServer implements AutoCloseable {

    private final Store store;
    private final HttpServer http;

    private CountersignServer(Store store, HttpServer http) {
        this.store = store;
        this.http = http;
    }

    /**
     * Opens the store, listens on both ports, and returns once both answer.
     *
     * @param home closed with the server
     * @throws StartupException where something is in the way; nothing is left open then
     */
    public static CountersignServer start(Home home, Settings settings) {
        JettyThreads threads = new JettyThreads();
        // messages: the fewest changes of threads. Registrations: a commit takes the processor, another core may answer
        Store store =
                Store.open(home, settings.sync(), settings.queueSize(), threads::completeElsewhere, threads::complete);
        HttpSettings http = settings.http();
        MemoryBudget bodyMemory = new MemoryBudget(http.limits().bodyMemoryBytes());
        HealthServlet health = new HealthServlet(store::healthy);
        CountersignServer server = new CountersignServer(
                store,
                new HttpServer(
                        threads,
                        http,
                        Map.of(
                                "/register",
                                new RegisterServlet(http, bodyMemory, store.registry()),
                                HealthServlet.PATH,
                                health),
                        Map.of(
                                "/message",
                                new MessageServlet(http, bodyMemory, store.registry(), store.messageLog()),
                                HealthServlet.PATH,
                                health)));
        server.http.limitThreads();
        try {
            server.http.start();
            return server;
        } catch (RuntimeException e) {
            server.close();
            throw e;
        }
    }

    public int registerPort() {
        return http.registerPort();
    }

    public int messagePort() {
        return http.messagePort();
    }

    /** As {@link Store#writerDeath} says. */
    CompletionStage<Throwable> writerDeath() {
        return store.writerDeath();
    }

    /** No new work; what is in flight ends and is answered; both writers drain; the files are closed. */
    @Override
    public void close() {
        try (store) {
            http.close();
        } catch (IOException e) {
            throw new UncheckedIOException("the files were not closed cleanly", e);
        }
    }
}
