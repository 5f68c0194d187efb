package dev.countersign.web.http;

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
import java.util.function.Function;
import java.util.stream.Stream;
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
 * ONE Jetty server with several ports. Each port serves its own servlets only.
 *
 * <pre>
 * Server
 *   connector "register", "message"   one for each listener
 *   ServerThreads.guard               keeps requests that could block off the writer threads
 *   GracefulHandler                   counts requests in flight; refuses new ones while stopping
 *     ContextHandlerCollection        one for each listener, bound to its connector by name:
 *       "/" of "@register"            /register, /rotate, /health; anything else is a 404
 *       "/" of "@message"             /message,  /health; anything else is a 404
 *       "/" of "@operator…"           the operator's, by threads of its own ({@link OperatorConnectors})
 *   ProblemHandler                    says every refusal of Jetty's own
 * </pre>
 */
public final class HttpServer implements AutoCloseable {

    /**
     * Longer than any flush. Under a Maven that is stopping, a request in flight needs at least 2 s to complete.
     */
    private static final long STOP_TIMEOUT_MILLIS = 5_000;

    /** 500 clients within a second overflow Java's default of 50. The kernel's somaxconn is the upper limit. */
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

    public HttpServer(ServerThreads threads, Limits limits, List<Listener> listeners) {
        this.threads = threads;
        this.limits = limits;
        server = new Server(threads);
        connections = new Connections(limits);
        operators = new OperatorConnectors(server, SerialHttpConnection.factory(http()));
        server.setHandler(threads.guard(limits.maxBodyBytes(), new GracefulHandler(contexts)));
        server.setErrorHandler(new ProblemHandler(connectors));
        server.setStopTimeout(STOP_TIMEOUT_MILLIS);
        onceStarted.add(() -> connections.watch(server.getScheduler()));
        listeners.forEach(this::add);
        repeat(() -> ports().forEach(port -> port.answers().report(port.getName())), REFUSALS_PAUSE);
    }

    /** Adds a listener; to be called before the start, as are the next three methods. */
    public void add(Listener listener) {
        ServerConnector connector = listener.isOperators() ? operators.connector() : connector(listener);
        connector.setName(listener.name());
        connector.setHost(listener.host().isEmpty() ? null : listener.host());
        connector.setPort(listener.port());
        connectors.put(listener, connector);
        server.addConnector(connector);
        listener.certificate().ifPresent(server::addBean); // shared by listeners
        contexts.addHandler(context(listener));
    }

    /** Listens on the operator's socket. If that fails, the server runs without it. */
    public void addSocket(Path socket, Map<String, HttpServlet> servlets) {
        contexts.addHandler(context(new Listener(OperatorConnectors.SOCKET, "", 0, Optional.empty(), servlets, true)));
        onceStarted.add(() -> operators.openSocket(socket));
    }

    /** Runs a task at the start and then periodically, on a thread of the operator. */
    public void repeat(Runnable task, Duration pause) {
        onceStarted.add(() -> operators.repeat(task, pause));
    }

    public void logTo(RequestLog requests) {
        server.setRequestLog(requests);
    }

    /** @throws StartupException if a port is not available; then nothing is left open */
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
        } catch (Exception e) { // as Jetty declares it
            close();
            throw new StartupException("the HTTP server can't start: " + e.getMessage(), e);
        }
    }

    /** The actual port of a listener, also if it asked for any free one. */
    public int port(String name) {
        return addresses().get(name).getPort();
    }

    /** The name of each listener with its {@link Listener#url}, in the order of the listeners. */
    public Map<String, URI> addresses() {
        Map<String, URI> addresses = new LinkedHashMap<>();
        connectors.forEach(
                (listener, connector) -> addresses.put(listener.name(), listener.url(connector.getLocalPort())));
        return addresses;
    }

    /** The number of answers of each kind for each port, as {@link Answers#counts}. */
    public Map<String, Map<String, Long>> answers() {
        return ofEachPort(port -> port.answers().counts());
    }

    /** The number of open connections for each port. */
    public Map<String, Integer> openConnections() {
        return ofEachPort(port -> port.getConnectedEndPoints().size());
    }

    private <T> Map<String, T> ofEachPort(Function<PacedConnector, T> figure) {
        Map<String, T> figures = new LinkedHashMap<>();
        ports().forEach(port -> figures.put(port.getName(), figure.apply(port)));
        return figures;
    }

    /** The ports that clients use. */
    private Stream<PacedConnector> ports() {
        return connectors.values().stream()
                .filter(PacedConnector.class::isInstance)
                .map(PacedConnector.class::cast);
    }

    /** Refuses new requests, waits for those in flight, and closes all connections. */
    @Override
    public void close() {
        try {
            server.stop();
        } catch (Exception e) { // as Jetty declares it
            throw new IllegalStateException("the HTTP server did not stop cleanly", e);
        } finally {
            connectors.values().forEach(ServerConnector::close);
        }
    }

    private static HttpConfiguration http() {
        HttpConfiguration http = new HttpConfiguration();
        http.setSendServerVersion(false);
        // not the size of request buffers: Jetty pools buffers by size, and would search through all that are in use
        http.setResponseHeaderSize(2048);
        // off: it takes 98 KB of heap for each connection, to save one string per request
        http.setHeaderCacheSize(0);
        // the host in an absolute target replaces the Host header (RFC 9112, 3.2.2), which must be present all the same
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

    /** Tries the address with a free port, to tell a wrong address from a port in use. */
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
        context.setErrorHandler(new ProblemHandler(connectors));
        context.getServletHandler().setEnsureDefaultServlet(false); // Jetty's answers a POST with 405, not 404
        listener.servlets().forEach((path, servlet) -> {
            ServletHolder holder = new ServletHolder(servlet);
            holder.setAsyncSupported(true);
            context.addServlet(holder, path);
        });
        return context;
    }
}
