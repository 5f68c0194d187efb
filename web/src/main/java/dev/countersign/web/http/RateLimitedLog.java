package dev.countersign.web.http;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;

/** Logs warnings that may occur thousands of times a second, at most once a minute. Safe for use by many threads. */
public final class RateLimitedLog {

    private static final long PAUSE_NANOS = TimeUnit.MINUTES.toNanos(1);

    private final Logger log;
    private final AtomicLong due = new AtomicLong(System.nanoTime());
    private final AtomicLong unsaid = new AtomicLong();

    public RateLimitedLog(Logger log) {
        this.log = log;
    }

    public void warn(String what) {
        long now = System.nanoTime();
        long at = due.get();
        if (now - at >= 0 && due.compareAndSet(at, now + PAUSE_NANOS)) {
            long before = unsaid.getAndSet(0);
            log.warn("{}{}", what, before == 0 ? "" : " (and " + before + " times since the last such line)");
        } else {
            unsaid.incrementAndGet();
        }
    }
}
