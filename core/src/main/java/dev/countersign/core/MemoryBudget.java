package dev.countersign.core;

import java.util.concurrent.atomic.AtomicLong;

/**
 * Limits how many bytes may be held at once; requests beyond that are refused. Safe for use by many threads.
 *
 * <p>A piece larger than the whole budget fits while nothing else is held, so that it isn't refused for ever.
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

    /** Takes the bytes if they fit; then the caller must give them back once. */
    public boolean take(long bytes) {
        long before = held.getAndAdd(bytes);
        if (before == 0 || before + bytes <= limit) {
            return true;
        }
        held.addAndGet(-bytes);
        return false;
    }

    /** About how many bytes are held now. */
    public long held() {
        return held.get();
    }

    public void giveBack(long bytes) {
        held.addAndGet(-bytes);
    }
}
