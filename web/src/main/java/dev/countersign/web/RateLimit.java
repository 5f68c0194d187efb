package dev.countersign.web;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Bounds what each of many keys takes: a burst after a silence, then evenly (the generic cell rate algorithm of ITU-T
 * I.371). What is refused costs nothing of the allowance, so that a sender over its limit goes on at the rate it has; the
 * trackers of Jetty's DoSHandler refuse such a one for as long as it tries, and know no time to wait.
 *
 * <p>Of at most so many keys: Caffeine forgets those first that come seldom, and they begin anew. So a flood of new keys
 * costs no more memory, and frees no frequent one. Safe for use by many threads.
 */
final class RateLimit {

    private static final int MAX_KEYS = 50_000;

    private final double nanosPerUnit;
    private final long burstNanos;
    private final LongSupplier nanoTime;

    /** Until when the allowance of a key is used, in nanoseconds of the clock; a time that has passed for a silent key. */
    private final Cache<Object, AtomicLong> usedUntil =
            Caffeine.newBuilder().maximumSize(MAX_KEYS).executor(Runnable::run).build();

    /** @param burst units that may be taken at once; they come back within {@code period} */
    RateLimit(double burst, Duration period, LongSupplier nanoTime) {
        nanosPerUnit = period.toNanos() / burst;
        burstNanos = period.toNanos();
        this.nanoTime = nanoTime;
    }

    /**
     * Takes units; more than a burst count as one burst, so that nothing is refused for good.
     *
     * @return zero, or, where nothing was taken, how long it takes until they can be
     */
    Duration take(Object key, long units) {
        long now = nanoTime.getAsLong();
        long nanos = Math.min(burstNanos, Math.round(units * nanosPerUnit));
        AtomicLong used = usedUntil.get(key, anyNew -> new AtomicLong(now));
        while (true) {
            long until = used.get();
            long ahead = Math.max(0, until - now) + nanos;
            if (ahead > burstNanos) {
                return Duration.ofNanos(ahead - burstNanos);
            }
            if (used.compareAndSet(until, now + ahead)) {
                return Duration.ZERO;
            }
        }
    }
}
