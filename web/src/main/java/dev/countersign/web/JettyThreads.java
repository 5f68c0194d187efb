package dev.countersign.web;

import java.util.ArrayDeque;
import java.util.Queue;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Jetty's thread pool, which leaves to whoever completes a batch what comes of it.
 *
 * <p>When an exchange is completed by a thread other than the one that began it, Jetty hands its connection to the pool,
 * to look there for a next request: a change of threads for each answer. Here the thread that completes a batch keeps
 * those connections, and looks after them itself once all of the batch is answered. By then most of the next requests
 * have come: they need neither the selector nor another thread.
 */
final class JettyThreads extends QueuedThreadPool {

    private static final Logger log = LoggerFactory.getLogger(JettyThreads.class);

    /** Connections that are worth waking another thread for: to look after so many takes some 100 microseconds. */
    private static final int SHARE = 16;

    private final int cores = Runtime.getRuntime().availableProcessors();
    private final ThreadLocal<Queue<Runnable>> kept = new ThreadLocal<>();

    /** Runs the completions of a batch, then looks after their connections, where they are many with others' help. */
    void complete(Runnable completions) {
        Queue<Runnable> connections = keepFrom(completions);
        for (int shares = Math.min(cores, connections.size() / SHARE); shares > 1; shares--) {
            Queue<Runnable> share = new ArrayDeque<>();
            for (int i = connections.size() / shares; i > 0; i--) {
                share.add(connections.remove());
            }
            super.execute(() -> lookAfter(share));
        }
        lookAfter(connections);
    }

    /** The same on a thread of the pool, for a caller whose own work takes the processor rather than the disk. */
    void completeElsewhere(Runnable completions) {
        super.execute(() -> complete(completions));
    }

    /** Hands it to the pool where the calling thread doesn't keep it. */
    @Override
    public void execute(Runnable task) {
        Queue<Runnable> tasks = kept.get();
        if (tasks == null) {
            super.execute(task);
        } else {
            tasks.add(task);
        }
    }

    /** What a connection hands over meanwhile is the pool's again, so that none keeps this thread from the others. */
    private void lookAfter(Queue<Runnable> connections) {
        connections.forEach(connection -> keepFrom(connection).forEach(super::execute));
    }

    private Queue<Runnable> keepFrom(Runnable task) {
        Queue<Runnable> tasks = new ArrayDeque<>();
        kept.set(tasks);
        try {
            task.run();
        } catch (RuntimeException e) { // as in the pool: its thread outlives it
            log.warn("a task failed", e);
        } finally {
            kept.remove();
        }
        return tasks;
    }
}
