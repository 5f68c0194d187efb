package dev.countersign.core;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Bounds the bytes that something may hold at once; what does not fit is refused. Safe for use by many threads.
 *
 * <p>A piece larger than the whole budget fits while nothing else is held, so that no limit shuts it out for good.
 */
public final class MemoryBudget {

    private final long limit;
    private final AtomicLong held = new AtomicLong();

    /** @param limit bytes, at least 1 */
    public MemoryBudget(long limit) {
        if (limit < 1) {
            throw new IllegalArgumentException("a budget of " + limit + " bytes");
        }
        this.limit = limit;
    }

    /** Whether the bytes fit; if so, whoever asked gives them back once. */
    public boolean take(long bytes) {
        long before = held.getAndAdd(bytes);
        if (before == 0 || before + bytes <= limit) {
            return true;
        }
        held.addAndGet(-bytes);
        return false;
    }

    /** Bytes that are held now, about. */
    public long held() {
        return held.get();
    }

    public void giveBack(long bytes) {
        held.addAndGet(-bytes);
    }
}
