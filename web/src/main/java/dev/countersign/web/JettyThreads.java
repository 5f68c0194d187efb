package dev.countersign.web;

import java.util.ArrayDeque;
import java.util.Queue;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/**
 * Jetty's thread pool, which also runs the completions of a batch.
 *
 * <p>When an exchange is completed by a thread other than the one that began it, Jetty hands its connection to the pool,
 * to look there for a next request: a change of threads for each answer. Here the thread that completes a batch keeps
 * those connections, and looks after them itself once all of the batch is answered. By then most of the next requests
 * have come: they need neither the selector nor another thread.
 */
final class JettyThreads extends QueuedThreadPool {

    private final ThreadLocal<Queue<Runnable>> kept = new ThreadLocal<>();

    /** Runs the completions on one of these threads, and after them what they have handed to this pool. */
    void complete(Runnable completions) {
        super.execute(() -> {
            Queue<Runnable> tasks = new ArrayDeque<>();
            kept.set(tasks);
            try {
                for (Runnable task = completions; task != null; task = tasks.poll()) {
                    task.run();
                }
            } finally {
                kept.remove();
                tasks.forEach(super::execute); // left only where a task failed
            }
        });
    }

    @Override
    public void execute(Runnable task) {
        Queue<Runnable> tasks = kept.get();
        if (tasks == null) {
            super.execute(task);
        } else {
            tasks.add(task);
        }
    }
}
