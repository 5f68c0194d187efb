package dev.countersign.web.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.countersign.core.Home;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import org.eclipse.jetty.server.AbstractConnector;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.unixdomain.server.UnixDomainServerConnector;
import org.eclipse.jetty.util.component.LifeCycle;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The operator's connectors: a Unix socket that only its owner can open, and a port on the loopback address. They have
 * their own threads, so that no request waits behind messages. Their connections do not count towards the limit.
 */
final class OperatorConnectors {

    static final String SOCKET = "operator-socket";

    private static final Logger log = LoggerFactory.getLogger(OperatorConnectors.class);
    private static final int MAX_THREADS = 32;
    private static final int MAX_CONNECTIONS = 64;

    private final Server server;
    private final ConnectionFactory http;
    private final QueuedThreadPool threads = new QueuedThreadPool(MAX_THREADS, 1);

    /** @param http creates the connections */
    OperatorConnectors(Server server, ConnectionFactory http) {
        this.server = server;
        this.http = http;
        threads.setName("operator");
        server.addBean(threads);
    }

    /** A connector for a port on the loopback address. */
    ServerConnector connector() {
        ServerConnector connector = new ServerConnector(server, threads, null, null, 0, 1, http);
        limit(connector);
        return connector;
    }

    private void limit(AbstractConnector connector) {
        connector.unmanage(threads); // belongs to the server: stopped after both
        connector.addBean(new NetworkConnectionLimit(MAX_CONNECTIONS, connector));
    }

    /**
     * Opens the socket of a started server. If that fails, the server runs without it.
     *
     * @param path is replaced if a killed server left it
     */
    void openSocket(Path path) {
        if (path.toString().getBytes(UTF_8).length > UnixDomainServerConnector.MAX_UNIX_DOMAIN_PATH_LENGTH) {
            warn(path, "its path is longer than the 107 bytes that a socket's may have; choose a shorter --home");
            return;
        }
        UnixDomainServerConnector connector = new UnixDomainServerConnector(server, threads, null, null, 0, 1, http);
        connector.setName(SOCKET);
        limit(connector);
        Path folder = path.resolveSibling("operator");
        Path bound = folder.resolve("s"); // not longer than the socket's final path
        try {
            Home.createFolder(folder); // protects the socket until its own permissions are set
            Files.deleteIfExists(bound);
            connector.setUnixDomainPath(bound);
            connector.start();
            if (path.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                Files.setPosixFilePermissions(bound, PosixFilePermissions.fromString("rw-------"));
            }
            Files.move(bound, path, StandardCopyOption.ATOMIC_MOVE);
            connector.setUnixDomainPath(path); // it is removed at the stop
            server.addConnector(connector);
            Files.delete(folder);
        } catch (Exception e) { // as Jetty declares it
            warn(path, Home.reason(e));
            LifeCycle.stop(connector);
        }
    }

    /**
     * Runs a task at once and then periodically, on a thread of the operator; the server must be running.
     */
    void repeat(Runnable task, Duration pause) {
        threads.execute(() -> {
            try {
                task.run();
            } finally {
                server.getScheduler().schedule(() -> repeat(task, pause), pause);
            }
        });
    }

    private static void warn(Path path, String reason) {
        log.warn("the operator's commands can't reach this server: can't open the socket {}: {}", path, reason);
    }
}
