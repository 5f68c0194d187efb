package dev.countersign.core;

/**
 * How the store keeps what it is given.
 *
 * @param sync what a completed stage promises
 * @param queueSize registrations, and requests to log, that may wait; more are refused
 * @param queueMemoryBytes heap for the messages that wait; more are refused
 * @param rememberedKeys entries of keyed requests that are remembered, in all; fewer where the heap is small
 */
public record StoreSettings(Sync sync, int queueSize, long queueMemoryBytes, int rememberedKeys) {

    public static final int DEFAULT_QUEUE_SIZE = 4096;
    public static final int DEFAULT_REMEMBERED_KEYS = 800_000;

    /** An eighth of the heap, bytes: what each of the budgets has by default. */
    public static long shareOfHeap() {
        return Runtime.getRuntime().maxMemory() / 8;
    }

    public static StoreSettings defaults() {
        return new StoreSettings(Sync.ALWAYS, DEFAULT_QUEUE_SIZE, shareOfHeap(), DEFAULT_REMEMBERED_KEYS);
    }

    public StoreSettings withSync(Sync changed) {
        return new StoreSettings(changed, queueSize, queueMemoryBytes, rememberedKeys);
    }

    public StoreSettings withQueueSize(int changed) {
        return new StoreSettings(sync, changed, queueMemoryBytes, rememberedKeys);
    }
}
