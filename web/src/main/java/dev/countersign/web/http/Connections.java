package dev.countersign.web.http;

import com.sun.management.UnixOperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.util.thread.Scheduler;
import org.slf4j.LoggerFactory;

/**
 * The open connections of both ports. Limits their number, and how long a request's headers may take.
 *
 * <p>If there is one connection too many, the connections that have been idle longest are closed. If none is idle, the
 * new connection is refused at once. One port gets at most 7/8 of the connections, so that it can't starve the other.
 * Safe for use by many threads.
 */
final class Connections implements Connection.Listener {

    /** File handles for everything else: the log, the database, the libraries. */
    private static final int OTHER_FILES = 128;

    /** About how much heap Jetty uses for a connection with a request in flight. */
    private static final int HEAP_BYTES = 16 * 1024;

    private static final long LEAST_IDLE_MILLIS = 1_000;
    private static final long SEARCH_PAUSE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final Duration SWEEP_PAUSE = Duration.ofMillis(250);

    private final Limits limits;
    private final int maxConnections;
    private final int maxOnOnePort;
    private final Set<SerialHttpConnection> open = ConcurrentHashMap.newKeySet();
    private final AtomicInteger onAllPorts = new AtomicInteger();
    private final Map<Object, AtomicInteger> byPort = new ConcurrentHashMap<>();
    private final AtomicLong nextSearch = new AtomicLong(System.nanoTime());
    private final RateLimitedLog log = new RateLimitedLog(LoggerFactory.getLogger(Connections.class));

    Connections(Limits limits) {
        this.limits = limits;
        maxConnections = limits.maxConnections() == 0 ? defaultLimit() : limits.maxConnections();
        maxOnOnePort = Math.max(1, maxConnections / 8 * 7);
    }

    /** As many as the process may open files, and as half of the heap has room for. */
    private static int defaultLimit() {
        long files = ManagementFactory.getOperatingSystemMXBean() instanceof UnixOperatingSystemMXBean unix
                ? unix.getMaxFileDescriptorCount()
                : 16_384;
        long fit = Math.min(files - OTHER_FILES, Runtime.getRuntime().maxMemory() / 2 / HEAP_BYTES);
        return (int) Math.max(64, Math.min(fit, 1_000_000));
    }

    /** Checks the connections from now on, as long as the scheduler runs: no command of an operator may delay it. */
    void watch(Scheduler scheduler) {
        scheduler.schedule(() -> watch(scheduler), SWEEP_PAUSE); // first: a failure below must not end the checks
        long now = System.nanoTime();
        open.forEach(connection -> connection.enforce(limits, now));
    }

    @Override
    public void onOpened(Connection opened) {
        if (opened instanceof SerialHttpConnection connection) {
            open.add(connection);
            boolean portIsFull = onPort(connection).incrementAndGet() > maxOnOnePort;
            boolean allAreFull = onAllPorts.incrementAndGet() > maxConnections;
            if (portIsFull || allAreFull) {
                log.warn("all connections are in use, --max-connections=" + maxConnections
                        + ": closing idle ones, or refusing new ones");
                if (!makeRoom(connection, portIsFull)) {
                    connection.refuse(Problem.OVERLOADED);
                }
            }
        }
    }

    @Override
    public void onClosed(Connection closed) {
        if (closed instanceof SerialHttpConnection connection && open.remove(connection)) {
            onPort(connection).decrementAndGet();
            onAllPorts.decrementAndGet();
        }
    }

    private AtomicInteger onPort(SerialHttpConnection connection) {
        return byPort.computeIfAbsent(connection.getConnector(), port -> new AtomicInteger());
    }

    /**
     * Closes the connections that have been idle longest, several at once: searching all of them for each one is
     * expensive.
     */
    private boolean makeRoom(SerialHttpConnection newcomer, boolean onItsPort) {
        long now = System.nanoTime();
        long due = nextSearch.get();
        if (now - due < 0 || !nextSearch.compareAndSet(due, now + SEARCH_PAUSE_NANOS)) {
            return false;
        }
        List<SerialHttpConnection> idle = open.stream()
                .filter(connection -> !onItsPort || connection.getConnector() == newcomer.getConnector())
                .map(connection -> Map.entry(connection, connection.idleMillis())) // which changes while this sorts
                .filter(connection -> connection.getValue() >= LEAST_IDLE_MILLIS)
                .sorted(Map.Entry.<SerialHttpConnection, Long>comparingByValue().reversed())
                .limit(Math.max(1, maxConnections / 16))
                .map(Map.Entry::getKey)
                .toList();
        idle.forEach(connection -> connection.getEndPoint().close());
        return !idle.isEmpty();
    }
}
