package dev.countersign.web.intake;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.LongSupplier;

/**
 * Limits the rate of each of many keys: a burst after idle time, then an even rate (the generic cell rate algorithm of
 * ITU-T I.371). Refused requests do not use up the allowance, so a sender over its limit continues at its rate. Jetty's
 * DoSHandler, in contrast, refuses such a sender as long as it tries, and can't tell how long to wait.
 *
 * <p>The number of keys is limited. Caffeine evicts rare keys first; they start again with a full allowance. So a flood
 * of new keys takes no more memory and does not evict frequent ones. Safe for use by many threads.
 */
final class RateLimit {

    private static final int MAX_KEYS = 50_000;

    private final double nanosPerUnit;
    private final long burstNanos;
    private final LongSupplier nanoTime;

    /** The time until which a key's allowance is used up, in nanoseconds of the clock; in the past for an idle key. */
    private final Cache<Object, AtomicLong> usedUntil =
            Caffeine.newBuilder().maximumSize(MAX_KEYS).executor(Runnable::run).build();

    /** @param burst units that may be taken at once; they refill within {@code period} */
    RateLimit(double burst, Duration period, LongSupplier nanoTime) {
        nanosPerUnit = period.toNanos() / burst;
        burstNanos = period.toNanos();
        this.nanoTime = nanoTime;
    }

    /**
     * Takes units. More than a burst count as one burst, so that no request is refused for ever.
     *
     * @return zero; or, if nothing was taken, how long to wait
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
