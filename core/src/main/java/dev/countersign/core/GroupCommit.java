package dev.countersign.core;

import java.io.Closeable;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.ToIntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes many small writes durable with few commits. Callers queue items. ONE thread takes all queued items, commits
 * them together, and only then completes the callers' stages.
 *
 * <p>It never waits for a batch to grow. While one batch is being committed, the next one collects in the queue. So a
 * single caller pays for one commit, and many callers share one. (Gray and Reuter, Transaction Processing, 9.4: group
 * commit.)
 *
 * <p>Safe for use by many threads. The executor completes the stages of a batch in the order submitted. If the disk
 * hangs, they fail within ten seconds. This class stores nothing: the {@link Sink} is responsible for durability.
 */
public final class GroupCommit<T, R> implements Closeable {

    /** Commits batches. Only the writer thread calls it. */
    public interface Sink<T, R> {
        /**
         * Makes the items durable, all or none of them.
         *
         * @return a result for each item, in order
         * @throws Exception if they are not durable; then none of them is acknowledged
         */
        List<R> commit(List<T> items) throws Exception;

        /** Tests, after a failed commit, whether the next one would succeed; throws if it would not. */
        void probe() throws Exception;

        /** Checks once a second, between batches, what others have changed; throws if the next commit would fail. */
        default void watch() throws Exception {}
    }

    /**
     * What is queued now, and what has been committed so far.
     *
     * @param queued items that wait
     * @param queuedBytes of the items that wait or are being committed
     * @param commitNanos times to write and flush a batch
     * @param answerNanos times from when an item was submitted to when it was durable
     * @param lastCommit when the last batch was committed
     */
    public record Figures(
            int queued,
            long queuedBytes,
            Histogram batchItems,
            Histogram commitNanos,
            Histogram answerNanos,
            Optional<Instant> lastCommit) {}

    private static final Logger log = LoggerFactory.getLogger(GroupCommit.class);
    private static final int MAX_BATCH = 1024;
    private static final long PROBE_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long MAX_WAIT_NANOS = TimeUnit.SECONDS.toNanos(9); // checked each second: ten at most

    private final String name;
    private final Sink<T, R> sink;
    private final BlockingQueue<Entry<T, R>> queue;
    private final MemoryBudget memory;
    private final ToIntFunction<T> bytesOf;
    private final Executor completions;
    private final Thread writer;
    private long watchedNanos = System.nanoTime();
    private volatile List<Entry<T, R>> inCommit = List.of();
    private volatile boolean idle;
    private volatile boolean closed;
    private volatile Optional<Throwable> failure = Optional.empty();
    private volatile Optional<Instant> lastCommit = Optional.empty();
    private final Histogram batchItems = new Histogram();
    private final Histogram commitNanos = new Histogram();
    private final Histogram answerNanos = new Histogram();
    private final CompletableFuture<Throwable> writerDeath = new CompletableFuture<>();

    /**
     * @param name of the writer thread, also used in the server's log
     * @param queueSize how many items may wait; more are refused with {@link OverloadedException}
     * @param completions completes the stages of a batch, and runs their dependent stages: on other threads, while the
     *     writer writes the next batch, or on the writer thread. That saves a thread switch, but must never block
     */
    public GroupCommit(String name, int queueSize, Executor completions, Sink<T, R> sink) {
        this(name, queueSize, completions, sink, new MemoryBudget(Long.MAX_VALUE), item -> 0);
    }

    /**
     * @param memory limits the bytes of the items that wait or are being committed; more are refused, too
     * @param bytesOf the size of an item
     */
    public GroupCommit(
            String name,
            int queueSize,
            Executor completions,
            Sink<T, R> sink,
            MemoryBudget memory,
            ToIntFunction<T> bytesOf) {
        this.memory = memory;
        this.bytesOf = bytesOf;
        this.completions = completions;
        this.name = name;
        this.sink = sink;
        queue = new ArrayBlockingQueue<>(queueSize);
        writer = new Thread(this::run, name);
        writer.setDaemon(true);
        writer.start();
        watchForHangs();
    }

    /**
     * Queues an item.
     *
     * @return completes when the item is durable. Fails with {@link OverloadedException} if the queue is full. Fails
     *     with {@link UnavailableException} if the commit failed or hangs, this is closed, or the writer thread has
     *     died
     */
    public CompletionStage<R> submit(T item) {
        Entry<T, R> entry = new Entry<>(item, bytesOf.applyAsInt(item));
        boolean fits = memory.take(entry.bytes);
        if (!fits || !queue.offer(entry)) {
            memory.giveBack(fits ? entry.bytes : 0);
            return CompletableFuture.failedStage(new OverloadedException());
        }
        if (idle) {
            wake();
        }
        // if this was closed meanwhile, the writer may have missed the item or may still write it: remove() tells which
        if (closed && queue.remove(entry)) {
            memory.giveBack(entry.bytes);
            return CompletableFuture.failedStage(new UnavailableException("closed", null));
        }
        return entry;
    }

    /** Why the next commit may fail; empty if the last commit, or the last probe after it, succeeded. */
    public Optional<String> trouble() {
        return closed
                ? Optional.of(name + " has ended")
                : failure.map(cause -> name + " can't commit: " + Home.reason(cause));
    }

    public Figures figures() {
        return new Figures(queue.size(), memory.held(), batchItems, commitNanos, answerNanos, lastCommit);
    }

    /**
     * Completes with the cause when the writer thread dies without {@link #close}. By then all waiting items have
     * failed. Nothing is written any more, and only a new process can help.
     */
    public CompletionStage<Throwable> writerDeath() {
        return writerDeath.minimalCompletionStage();
    }

    /** Accepts no more items, commits the queued ones, and returns when the writer has ended. */
    @Override
    public void close() {
        closed = true;
        wake();
        awaitEnd(writer); // it commits the accepted items first
    }

    /** Waits until a thread has ended, even if the caller is interrupted. */
    public static void awaitEnd(Thread thread) {
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }

    private void wake() {
        idle = false; // so that only one of many simultaneous callers wakes the writer
        LockSupport.unpark(writer);
    }

    private void run() {
        List<Entry<T, R>> batch = new ArrayList<>();
        try {
            while (takeInto(batch)) {
                commit(batch);
                batch = new ArrayList<>(batch.size());
                watch();
            }
        } catch (Throwable e) { // an Error, too: if the writer ended unnoticed, every caller would wait for ever
            die(batch, e);
        }
    }

    /** Fails all waiting and all later items, then reports the cause. */
    private void die(List<Entry<T, R>> batch, Throwable cause) {
        closed = true; // before the queue is emptied: submit() removes items that it queues after that
        try {
            queue.drainTo(batch);
            failAll(batch, new UnavailableException("the writer's thread has died", cause));
            log.error("{}: the thread has died; nothing is committed any more", name, cause);
        } finally {
            writerDeath.complete(cause);
        }
    }

    /** Waits for items and takes up to a batch of them; false if this is closed and the queue is empty. */
    private boolean takeInto(List<Entry<T, R>> batch) {
        // reads closed before the queue: an item that was queued before the close must still be taken
        for (boolean last = closed; queue.drainTo(batch, MAX_BATCH) == 0; last = closed) {
            if (last) {
                return false;
            }
            idle = true;
            if (queue.isEmpty() && !closed) { // again: earlier items did not wake this thread
                LockSupport.parkNanos(this, PROBE_NANOS);
            }
            idle = false;
            if (failure.isPresent()) {
                probe();
            }
            watch();
        }
        return true;
    }

    private void commit(List<Entry<T, R>> batch) {
        List<T> items = batch.stream().map(entry -> entry.item).toList();
        List<R> results;
        inCommit = batch;
        long beganNanos = System.nanoTime();
        try {
            results = sink.commit(items);
            if (results.size() != items.size()) { // otherwise the callers without a result would wait for ever
                throw new IllegalStateException(results.size() + " results of " + items.size() + " items");
            }
            recovered();
        } catch (Throwable e) { // an Error, too: the callers must hear that it failed
            failed(e);
            end(batch);
            failAll(batch, new UnavailableException("the commit failed", e));
            return;
        }
        count(batch, beganNanos, System.nanoTime());
        end(batch);
        complete(() -> {
            for (int i = 0; i < batch.size(); i++) {
                batch.get(i).complete(results.get(i));
            }
        });
    }

    private void count(List<Entry<T, R>> batch, long beganNanos, long endedNanos) {
        lastCommit = Optional.of(Instant.now());
        batchItems.add(batch.size());
        commitNanos.add(endedNanos - beganNanos);
        for (Entry<T, R> entry : batch) {
            answerNanos.add(endedNanos - entry.sinceNanos);
        }
    }

    private void end(List<Entry<T, R>> batch) {
        inCommit = List.of();
        giveBack(batch);
    }

    private void giveBack(List<Entry<T, R>> entries) {
        memory.giveBack(entries.stream().mapToLong(entry -> entry.bytes).sum());
    }

    /**
     * Runs on another thread, because the writer hangs when the disk does; and not on the JVM's timer thread, because
     * callers may be answered on it.
     */
    private void watchForHangs() {
        CompletableFuture.delayedExecutor(1, TimeUnit.SECONDS).execute(() -> {
            if (writer.isAlive()) {
                watchForHangs();
                failOverdue(System.nanoTime());
            }
        });
    }

    /**
     * Fails items that have waited too long. Those that the writer has taken may still become durable; the others
     * won't.
     */
    void failOverdue(long nowNanos) {
        List<Entry<T, R>> overdue = new ArrayList<>();
        queue.removeIf(entry -> entry.isOverdue(nowNanos) && overdue.add(entry));
        giveBack(overdue);
        inCommit.stream().filter(entry -> entry.isOverdue(nowNanos)).forEach(overdue::add);
        if (!overdue.isEmpty()) {
            UnavailableException hangs =
                    new UnavailableException("no answer of the disk or the database for ten seconds", null);
            failed(hangs);
            failAll(overdue, hangs);
        }
    }

    private void failAll(List<Entry<T, R>> batch, UnavailableException failure) {
        complete(() -> batch.forEach(entry -> entry.completeExceptionally(failure)));
    }

    private void complete(Runnable batch) {
        try {
            completions.execute(batch);
        } catch (RuntimeException | Error e) {
            // for example, the executor's threads have ended: the callers must still get a result. Completing a stage
            // twice does nothing
            batch.run();
        }
    }

    private void probe() {
        try {
            sink.probe();
            recovered();
        } catch (Throwable e) {
            failed(e);
        }
    }

    private void watch() {
        long now = System.nanoTime();
        if (now - watchedNanos >= PROBE_NANOS) {
            watchedNanos = now;
            try {
                sink.watch();
            } catch (Throwable e) {
                failed(e);
            }
        }
    }

    private void failed(Throwable cause) {
        boolean isFirst = failure.isEmpty();
        failure = Optional.of(cause);
        if (isFirst) { // on a full disk thousands of commits fail: one line is enough
            log.error("{}: can't commit; refusing work until it succeeds again", name, cause);
        }
    }

    private void recovered() {
        if (failure.isPresent()) {
            failure = Optional.empty();
            log.info("{}: commits again", name);
        }
    }

    private static final class Entry<T, R> extends CompletableFuture<R> {
        final T item;
        final int bytes;
        final long sinceNanos = System.nanoTime();

        Entry(T item, int bytes) {
            this.item = item;
            this.bytes = bytes;
        }

        boolean isOverdue(long nowNanos) {
            return nowNanos - sinceNanos > MAX_WAIT_NANOS && !isDone();
        }
    }
}
