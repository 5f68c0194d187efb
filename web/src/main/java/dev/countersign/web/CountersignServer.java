package dev.countersign.web;

import dev.countersign.core.Home;
import dev.countersign.core.StartupException;
import dev.countersign.core.store.Store;
import dev.countersign.web.http.HealthServlet;
import dev.countersign.web.http.HttpServer;
import dev.countersign.web.http.Listener;
import dev.countersign.web.http.ServerThreads;
import dev.countersign.web.intake.Intake;
import dev.countersign.web.intake.MessageServlet;
import dev.countersign.web.intake.RegisterServlet;
import dev.countersign.web.intake.RotateServlet;
import dev.countersign.web.operator.Operator;
import dev.countersign.web.tls.ServerCertificate;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.ResourceBundle;
import java.util.Set;

/** The server: the store, and HTTP in front of it. */
public final class CountersignServer implements AutoCloseable {

    private final Store store;
    private final HttpServer http;

    private CountersignServer(Store store, HttpServer http) {
        this.store = store;
        this.http = http;
    }

    /**
     * Opens the store, listens on both ports, and returns when both answer.
     *
     * @param home is closed with the server
     * @throws StartupException if the server can't start; then nothing is left open
     */
    public static CountersignServer start(Home home, Settings settings) {
        HttpSettings http = settings.http();
        ServerThreads threads = new ServerThreads();
        // messages: the fewest thread switches. Registrations: a commit needs the CPU, so another core may answer
        Store store = Store.open(home, settings.store(), threads.onPool(), threads.onCaller());
        try {
            CountersignServer server = new CountersignServer(store, http(threads, store, http));
            server.http.start(); // if it fails, it leaves nothing open
            return server;
        } catch (RuntimeException e) {
            try (store) {
                throw e;
            } catch (IOException notClosed) {
                throw new UncheckedIOException("the files were not closed cleanly", notClosed);
            }
        }
    }

    private static HttpServer http(ServerThreads threads, Store store, HttpSettings http) {
        Intake intake = new Intake(http.limits(), http.quotas(), threads);
        HealthServlet health = new HealthServlet(() -> store.trouble().isEmpty());
        RegisterServlet register =
                new RegisterServlet(intake, store.registry(), http.quotas().registrations());
        RotateServlet rotate = new RotateServlet(intake, store.registry());
        MessageServlet message = new MessageServlet(intake, store.registry(), store.messageLog());
        String host = http.host();
        Optional<ServerCertificate> certificate = ServerCertificate.of(http.tls());
        List<Listener> listeners = List.of(
                new Listener(
                        "register",
                        host,
                        http.registerPort(),
                        certificate,
                        Map.of("/register", register, "/rotate", rotate, HealthServlet.PATH, health),
                        false),
                new Listener(
                        "message",
                        host,
                        http.messagePort(),
                        certificate,
                        Map.of("/message", message, HealthServlet.PATH, health),
                        false));
        threads.limitTo(listeners.size());
        HttpServer server = new HttpServer(threads, http.limits(), listeners);
        Operator operator = new Operator(
                store,
                version(),
                new Operator.Http(server::addresses, server::answers, server::openConnections, threads));
        server.addSocket(store.home().operatorSocket(), operator.onSocket());
        if (http.operatorPort() != HttpSettings.OFF) {
            server.add(Listener.ofOperator(http.operatorPort(), operator.onPort()));
        }
        server.repeat(operator::sample, Operator.SAMPLE_PAUSE);
        certificate.ifPresent(each -> server.repeat(each::look, ServerCertificate.PAUSE));
        if (http.accessLog()) {
            Set<String> paths = new HashSet<>(operator.onSocket().keySet());
            listeners.forEach(listener -> paths.addAll(listener.servlets().keySet()));
            server.logTo(new AccessLog(store.home().accessLog(), intake.quotas(), paths));
        }
        return server;
    }

    private static String version() {
        return ResourceBundle.getBundle("dev.countersign.web.build").getString("build.version");
    }

    public int registerPort() {
        return http.port("register");
    }

    public int messagePort() {
        return http.port("message");
    }

    /** The URL of each listener, by its name. */
    Map<String, URI> addresses() {
        return http.addresses();
    }

    Store store() {
        return store;
    }

    /** Refuses new work, answers the requests in flight, completes the queued writes, and closes the files. */
    @Override
    public void close() {
        try (store) {
            http.close();
        } catch (IOException e) {
            throw new UncheckedIOException("the files were not closed cleanly", e);
        }
    }
}
