package dev.countersign.perf.capacity;

import java.time.Duration;

/**
 * When the requests of a fixed rate are due: evenly spaced, the first at once, none at or after the end.
 *
 * @param start by {@link System#nanoTime()}
 */
record Schedule(long start, double perSecond, Duration length) {

    /** How many fall due. */
    long requests() {
        return (long) Math.ceil(perSecond * length.toNanos() / 1e9);
    }

    /** When request {@code index}, from 0, is due, by {@link System#nanoTime()}. */
    long due(long index) {
        return start + Math.round(index * 1e9 / perSecond);
    }
}
