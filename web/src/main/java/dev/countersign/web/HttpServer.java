package dev.countersign.web;

import dev.countersign.core.StartupException;
import jakarta.servlet.http.HttpServlet;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.UnknownHostException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiConsumer;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.http.HttpCompliance;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.RequestLog;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.ContextHandlerCollection;
import org.eclipse.jetty.server.handler.GracefulHandler;

/**
 * ONE Jetty with several ports, and on each of them its servlets alone.
 *
 * <pre>
 * Server
 *   connector "register", "message"   one for each listener
 *   ServerThreads.guard               keeps from the writers what might hold them up
 *   GracefulHandler                   counts what is in flight; refuses the rest while stopping
 *     ContextHandlerCollection        one for each listener, bound to its connector by name:
 *       "/" of "@register"            /register, /rotate, /health; anything else is a 404
 *       "/" of "@message"             /message,  /health; anything else is a 404
 *       "/" of "@operator…"           the operator's, by threads of its own ({@link OperatorConnectors})
 *   ProblemHandler                    says every refusal of Jetty's own
 * </pre>
 */
public final class HttpServer implements AutoCloseable {

    /**
     * Longer than any flush; a request in flight needs 2 s at least to end well under a Maven that is stopping, too.
     */
    private static final long STOP_TIMEOUT_MILLIS = 5_000;

    /** 500 clients that come within a second overflow Java's default of 50. The kernel's somaxconn bounds it. */
    private static final int ACCEPT_QUEUE = 4096;

    private static final Duration REFUSALS_PAUSE = Duration.ofMinutes(1);

    private final ServerThreads threads;
    private final Limits limits;
    private final Server server;
    private final Connections connections;
    private final OperatorConnectors operators;
    private final Map<Listener, ServerConnector> connectors = new LinkedHashMap<>();
    private final ContextHandlerCollection contexts = new ContextHandlerCollection();
    private final List<Runnable> onceStarted = new ArrayList<>();

    /** For servlets that may wait for their client. */
    public HttpServer(Limits limits, List<Listener> listeners) {
        this(new ServerThreads(), limits, listeners);
    }

    HttpServer(ServerThreads threads, Limits limits, List<Listener> listeners) {
        this.threads = threads;
        this.limits = limits;
        server = new Server(threads);
        connections = new Connections(limits);
        operators = new OperatorConnectors(server, SerialHttpConnection.factory(http()));
        server.setHandler(threads.guard(limits.maxBodyBytes(), new GracefulHandler(contexts)));
        server.setErrorHandler(new ProblemHandler());
        server.setStopTimeout(STOP_TIMEOUT_MILLIS);
        onceStarted.add(() -> connections.watch(server.getScheduler()));
        listeners.forEach(this::add);
        repeat(this::reportRefusals, REFUSALS_PAUSE);
    }

    /** Listens there, too; to be called before the start, as are the next three. */
    void add(Listener listener) {
        ServerConnector connector = listener.isOperators() ? operators.connector() : connector(listener);
        connector.setName(listener.name());
        connector.setHost(listener.host().isEmpty() ? null : listener.host());
        connector.setPort(listener.port());
        connectors.put(listener, connector);
        server.addConnector(connector);
        listener.certificate().ifPresent(server::addBean); // for all listeners, so of none of them
        contexts.addHandler(context(listener));
    }

    /** Listens on the operator's socket; where that fails the server goes on without it. */
    void addSocket(Path socket, Map<String, HttpServlet> servlets) {
        contexts.addHandler(context(new Listener(OperatorConnectors.SOCKET, "", 0, Optional.empty(), servlets, true)));
        onceStarted.add(() -> operators.openSocket(socket));
    }

    /** Runs a task at the start and then again and again, by a thread of the operator's. */
    void repeat(Runnable task, Duration pause) {
        onceStarted.add(() -> operators.repeat(task, pause));
    }

    void logTo(RequestLog requests) {
        server.setRequestLog(requests);
    }

    /** @throws StartupException where a port can't be had; nothing is left open then */
    public void start() {
        try {
            for (ServerConnector connector : connectors.values()) {
                open(connector);
            }
            server.start();
            onceStarted.forEach(Runnable::run);
        } catch (StartupException e) {
            close();
            throw e;
        } catch (Exception e) { // declared as wide as that
            close();
            throw new StartupException("the HTTP server can't start: " + e.getMessage(), e);
        }
    }

    /** The port that the listener of that name has; the one that was free, where it asked for any. */
    public int port(String name) {
        return addresses().get(name).getPort();
    }

    /** Each listener's name with its {@link Listener#url}, in the order they were given. */
    public Map<String, URI> addresses() {
        Map<String, URI> addresses = new LinkedHashMap<>();
        connectors.forEach(
                (listener, connector) -> addresses.put(listener.name(), listener.url(connector.getLocalPort())));
        return addresses;
    }

    /** How many answers of each kind each port has given, as {@link Answers#counts} says. */
    Map<String, Map<String, Long>> answers() {
        Map<String, Map<String, Long>> answers = new LinkedHashMap<>();
        forEachPort((name, port) -> answers.put(name, port.answers().counts()));
        return answers;
    }

    /** How many connections each port has. */
    Map<String, Integer> openConnections() {
        Map<String, Integer> open = new LinkedHashMap<>();
        forEachPort((name, port) -> open.put(name, port.getConnectedEndPoints().size()));
        return open;
    }

    private void reportRefusals() {
        forEachPort((name, port) -> port.answers().report(name));
    }

    private void forEachPort(BiConsumer<String, PacedConnector> visitor) {
        connectors.forEach((listener, connector) -> {
            if (connector instanceof PacedConnector port) { // else the operator's
                visitor.accept(listener.name(), port);
            }
        });
    }

    /** Refuses new requests, waits for those in flight, and closes all connections. */
    @Override
    public void close() {
        try {
            server.stop();
        } catch (Exception e) { // declared as wide as that
            throw new IllegalStateException("the HTTP server did not stop cleanly", e);
        } finally {
            connectors.values().forEach(ServerConnector::close);
        }
    }

    private static HttpConfiguration http() {
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        // not a request's size: Jetty pools buffers by it, and would search past all that are in use
        http.setResponseHeaderSize(2048);
        // by default 98 KB of heap for each connection, and work for the collector, to save a string a request
        http.setHeaderCacheSize(0);
        // a target with a host of its own counts, not Host (RFC 9112, 3.2.2); Host must be there all the same
        http.setHttpCompliance(HttpCompliance.RFC9110.with("RFC9112", HttpCompliance.Violation.MISMATCHED_AUTHORITY));
        return http;
    }

    private ServerConnector connector(Listener listener) {
        ConnectionFactory plain = SerialHttpConnection.factory(http());
        ServerConnector connector = listener.certificate()
                .map(certificate -> new PacedConnector(server, threads, certificate.connectionFactory(), plain))
                .orElseGet(() -> new PacedConnector(server, threads, plain));
        connector.setAcceptQueueSize(ACCEPT_QUEUE);
        connector.setIdleTimeout(limits.idleTimeout().toMillis());
        connector.addBean(connections);
        return connector;
    }

    private static void open(ServerConnector connector) {
        if (connector.getHost() != null) {
            requireOwnAddress(connector.getHost());
        }
        try {
            connector.open();
        } catch (IOException e) {
            String reason = e.getCause() instanceof IOException cause ? cause.getMessage() : e.getMessage();
            throw new StartupException(
                    "can't listen on port " + connector.getPort() + " (" + connector.getName() + "): " + reason
                            + ". Free the port, or choose another one with --" + connector.getName() + "-port.",
                    e);
        }
    }

    /** Tries the address with any free port, so that a wrong address isn't taken for a port in use. */
    private static void requireOwnAddress(String host) {
        try {
            new ServerSocket(0, 1, InetAddress.getByName(host)).close();
        } catch (IOException e) {
            String reason = e instanceof UnknownHostException ? "no such name" : e.getMessage();
            throw new StartupException(
                    "can't listen on the address " + host + ": " + reason
                            + ". Set --host to an address of this machine, or leave it out to listen on all addresses.",
                    e);
        }
    }

    private ServletContextHandler context(Listener listener) {
        ServletContextHandler context = new ServletContextHandler("/");
        context.setVirtualHosts(List.of("@" + listener.name()));
        context.setErrorHandler(new ProblemHandler());
        listener.servlets().forEach((path, servlet) -> {
            ServletHolder holder = new ServletHolder(servlet);
            holder.setAsyncSupported(true);
            context.addServlet(holder, path);
        });
        context.addServlet(new ServletHolder(new NotFoundServlet(connectors)), "/");
        if (listener.isOperators()) {
            context.insertHandler(OperatorConnectors.guard());
        }
        return context;
    }
}
