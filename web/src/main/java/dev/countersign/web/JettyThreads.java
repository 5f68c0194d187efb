package dev.countersign.web;

import java.util.ArrayList;
import java.util.List;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Jetty's thread pool, whose work a thread that answers a batch does itself.
 *
 * <p>When an exchange is completed by a thread other than the one that began it, Jetty hands its connection to the pool,
 * to look there for a next request: a change of threads for each answer. Here the thread that answers a batch keeps those
 * connections, and serves the next request of each once all of the batch is answered. By then most of them have come:
 * they need neither the selector nor another thread. What might hold that thread up it leaves to the pool:
 * {@link BatchGuard}.
 */
final class JettyThreads extends QueuedThreadPool {

    private static final Logger log = LoggerFactory.getLogger(JettyThreads.class);

    static final int CORES = Runtime.getRuntime().availableProcessors();

    /** Connections that are worth waking another thread for: to serve so many takes some 100 microseconds. */
    private static final int SHARE = 16;

    private final ThreadLocal<Kept> kept = new ThreadLocal<>();

    /** What comes of a task of a thread that answers a batch. */
    private static final class Kept {
        final List<Runnable> tasks = new ArrayList<>();
        boolean tookRequest;
    }

    /** Answers a batch, then serves its connections, where they are many with others' help. */
    void complete(Runnable answers) {
        List<Runnable> connections = keepFrom(answers);
        for (int shares = Math.min(CORES, connections.size() / SHARE); shares > 1; shares--) {
            int size = connections.size() / shares;
            List<Runnable> share = connections.subList(0, size);
            connections = connections.subList(size, connections.size());
            executeElsewhere(() -> serve(share));
        }
        serve(connections);
    }

    /** The same on a thread of the pool, for a caller whose own work takes the processor. */
    void completeElsewhere(Runnable answers) {
        executeElsewhere(() -> complete(answers));
    }

    /**
     * Takes a request for the calling thread, whoever that is; for one that answers a batch only the first of a
     * connection, and no other.
     *
     * @param isOrdinary whether it can be served without ever waiting for its client
     * @return whether the calling thread is to serve it
     */
    boolean takeRequest(boolean isOrdinary) {
        Kept mine = kept.get();
        if (mine == null) {
            return true;
        }
        boolean takes = isOrdinary && !mine.tookRequest;
        mine.tookRequest = true;
        return takes;
    }

    /** Runs it on a thread of the pool, whoever calls. */
    void executeElsewhere(Runnable task) {
        super.execute(task);
    }

    /** Hands it to the pool where the calling thread doesn't keep it. */
    @Override
    public void execute(Runnable task) {
        Kept mine = kept.get();
        if (mine == null) {
            super.execute(task);
        } else {
            mine.tasks.add(task);
        }
    }

    private void serve(List<Runnable> connections) {
        connections.forEach(connection -> keepFrom(connection).forEach(this::executeElsewhere));
    }

    private List<Runnable> keepFrom(Runnable task) {
        Kept mine = new Kept();
        kept.set(mine);
        try {
            task.run();
        } catch (RuntimeException | Error e) { // one connection's failure is not the others'
            log.warn("a connection failed", e);
        } finally {
            kept.remove();
        }
        return mine.tasks;
    }
}
