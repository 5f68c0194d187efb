package dev.countersign.client;

import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Sends texts on its own threads: one for each sender, as long as the sender's texts wait. Safe for use by many
 * threads.
 */
final class Outbox {

    private record Waiting(byte[] text, CompletableFuture<Receipt> receipt) {}

    /** Must never wait for room in a queue: only this thread or another worker could make room. */
    private static final class Worker extends Thread {
        Worker(Runnable work) {
            super(work, "countersign outbox");
        }

        static boolean isCurrent() {
            return Thread.currentThread() instanceof Worker;
        }
    }

    private final Map<Credentials, Gathering<Waiting>> gatherings = new ConcurrentHashMap<>();
    private final ExecutorService workers = new ThreadPoolExecutor(
            0, Integer.MAX_VALUE, 1, TimeUnit.SECONDS, new SynchronousQueue<>(), Worker::new, (task, pool) -> {
                throw new IllegalStateException("the client is closed");
            });
    private final CountersignClient client;

    Outbox(CountersignClient client) {
        this.client = client;
    }

    /** @throws IllegalStateException if this is closed */
    CompletableFuture<Receipt> add(Credentials sender, byte[] text) {
        if (workers.isShutdown()) { // otherwise a worker that still sends would take it, and may never end
            throw new IllegalStateException("the client is closed");
        }
        Waiting waiting = new Waiting(text, new CompletableFuture<>());
        try {
            Gathering<Waiting> gathering = gathering(sender);
            while (!gathering.add(waiting, !Worker.isCurrent())) {
                gatherings.remove(sender, gathering);
                gathering = gathering(sender);
            }
        } catch (InterruptedException e) {
            waiting.receipt.completeExceptionally(UnreachableException.interrupted(e));
        }
        return waiting.receipt;
    }

    /** Sends the texts that wait, and accepts no more. */
    void close() {
        workers.shutdown();
        try {
            if (!Worker.isCurrent()) {
                workers.awaitTermination(Long.MAX_VALUE, TimeUnit.NANOSECONDS);
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private Gathering<Waiting> gathering(Credentials sender) {
        return gatherings.computeIfAbsent(sender, first -> {
            Gathering<Waiting> gathering = client.gathering(sender, Waiting::text);
            workers.execute(() -> send(sender, gathering));
            return gathering;
        });
    }

    private void send(Credentials sender, Gathering<Waiting> gathering) {
        try {
            List<Waiting> request = gathering.next();
            while (!request.isEmpty()) {
                send(sender, gathering, request);
                request = gathering.nextOrClose();
            }
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts a worker", e);
        }
        gatherings.remove(sender, gathering);
    }

    private void send(Credentials sender, Gathering<Waiting> gathering, List<Waiting> request)
            throws InterruptedException {
        try {
            List<Receipt> receipts =
                    client.logged(sender, request.stream().map(Waiting::text).toList(), Key.random());
            for (int n = 0; n < receipts.size(); n++) {
                request.get(n).receipt.complete(receipts.get(n));
            }
        } catch (RefusedException e) {
            fail(request, e);
        } catch (CountersignException | RuntimeException | Error e) {
            gathering.close();
            fail(request, e);
            UnreachableException behind =
                    new UnreachableException("a text before it failed: " + e.getMessage(), e, false);
            for (List<Waiting> next = gathering.next(); !next.isEmpty(); next = gathering.next()) {
                fail(next, behind);
            }
        }
    }

    private static void fail(List<Waiting> request, Throwable failure) {
        request.forEach(waiting -> waiting.receipt.completeExceptionally(failure));
    }
}
