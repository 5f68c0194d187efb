package dev.countersign.client;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.ToIntFunction;

/**
 * A queue of items for the next request, in order; it holds at most the items of four requests. It works like group
 * commit, without a timer: the items that arrive while a request is in flight make up the next one. Safe for use by
 * many threads.
 */
final class Gathering<T> {

    static final int MAX_TEXTS = 1000; // in a request, by the wire contract
    private static final int REQUESTS = 4;

    private final int maxBytes;
    private final ToIntFunction<T> bytesOf;
    private final Queue<T> waiting = new ArrayDeque<>();

    private long bytes;
    private boolean closed;

    /** @param maxBytes for the items of a request; a larger item gets a request of its own */
    Gathering(int maxBytes, ToIntFunction<T> bytesOf) {
        this.maxBytes = maxBytes;
        this.bytesOf = bytesOf;
    }

    /**
     * Adds an item; false if the queue is closed.
     *
     * @param patient whether to wait until there is room
     */
    synchronized boolean add(T item, boolean patient) throws InterruptedException {
        while (patient && !closed && isFull()) {
            wait();
        }
        if (closed) {
            return false;
        }
        waiting.add(item);
        bytes += bytesOf.applyAsInt(item);
        if (waiting.size() == 1) {
            notifyAll();
        }
        return true;
    }

    /** Waits for items and takes those of the next request; empty if the queue is closed and has none left. */
    synchronized List<T> next() throws InterruptedException {
        while (waiting.isEmpty() && !closed) {
            wait();
        }
        if (isFull()) {
            notifyAll();
        }
        List<T> items = new ArrayList<>();
        int left = maxBytes;
        while (!waiting.isEmpty()
                && items.size() < MAX_TEXTS
                && (items.isEmpty() || bytesOf.applyAsInt(waiting.peek()) <= left)) {
            T item = waiting.remove();
            items.add(item);
            left -= bytesOf.applyAsInt(item);
            bytes -= bytesOf.applyAsInt(item);
        }
        return items;
    }

    /** As {@link #next}, but closes the queue if it is empty. */
    synchronized List<T> nextOrClose() throws InterruptedException {
        closed |= waiting.isEmpty();
        return next();
    }

    synchronized void close() {
        closed = true;
        notifyAll();
    }

    private boolean isFull() {
        return waiting.size() >= REQUESTS * MAX_TEXTS || bytes >= (long) REQUESTS * maxBytes;
    }
}
