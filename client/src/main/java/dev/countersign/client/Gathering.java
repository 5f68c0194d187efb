package dev.countersign.client;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.function.ToIntFunction;

/**
 * What waits for the next request, in order; four requests' worth at most. It works as group commit does: no timer, but
 * what has gathered while one request was under way is the next. Safe for use by many threads.
 */
final class Gathering<T> {

    static final int MAX_TEXTS = 1000; // of a request, by the contract
    private static final int REQUESTS = 4;

    private final int maxBytes;
    private final ToIntFunction<T> bytesOf;
    private final Queue<T> waiting = new ArrayDeque<>();

    private long bytes;
    private boolean closed;

    /** @param maxBytes that a request has for its texts; one that has more by itself goes alone */
    Gathering(int maxBytes, ToIntFunction<T> bytesOf) {
        this.maxBytes = maxBytes;
        this.bytesOf = bytesOf;
    }

    /**
     * False where it is closed, and takes nothing more.
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

    /** A request's worth, once there is anything; empty where it is closed and nothing is left. */
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

    /** The same, but closes it where nothing waits. */
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
