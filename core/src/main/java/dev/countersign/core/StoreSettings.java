package dev.countersign.core;

/** How the store keeps what it is given. */
public record StoreSettings(
        @Setting(
                name = "sync",
                label = "always|os",
                help = "Flush before each answer, or when the operating system sees fit: faster, and a loss of power"
                        + " loses the last seconds.")
        Sync sync,

        @Setting(
                name = "queue-size",
                label = "COUNT",
                max = 1_000_000,
                help = "Registrations, and requests to log, that may wait for the disk; more get a 503.")
        int queueSize,

        @Setting(
                name = "queue-memory",
                label = "BYTES",
                byDefault = "1/8 of the heap",
                help = "Heap for the messages that wait for the disk; more get a 503.")
        long queueMemoryBytes,

        @Setting(
                name = "remembered-keys",
                label = "COUNT",
                min = 8,
                max = 100_000_000,
                help = "Requests with an Idempotency-Key to remember, in 1/8 of the heap at most.")
        int rememberedKeys,

        @Setting(
                name = "keep-free",
                label = "BYTES",
                min = 0,
                help =
                        "Where less of the disk is free, messages get a 503, before a write fails; a start may need as much"
                                + " as the default.")
        long keepFreeBytes,

        @Setting(
                name = "roll-size",
                label = "BYTES",
                min = 64 * 1024,
                help = "A log file that has reached this is renamed for its receipts, and a new one begins.")
        long rollBytes) {

    /** What a start may need to give the log all that the journal holds: as much as the journal's ring. */
    private static final long DEFAULT_KEEP_FREE_BYTES = 64 * 1024 * 1024;

    public StoreSettings {
        if (queueSize < 1) {
            throw new IllegalArgumentException("a queue of " + queueSize);
        }
    }

    /** An eighth of the heap, bytes: what each of the budgets has by default. */
    public static long shareOfHeap() {
        return Runtime.getRuntime().maxMemory() / 8;
    }

    public static StoreSettings defaults() {
        return new StoreSettings(Sync.ALWAYS, 4096, shareOfHeap(), 800_000, DEFAULT_KEEP_FREE_BYTES, 128 * 1024 * 1024);
    }

    public StoreSettings withSync(Sync changed) {
        return new StoreSettings(changed, queueSize, queueMemoryBytes, rememberedKeys, keepFreeBytes, rollBytes);
    }

    public StoreSettings withRollBytes(long changed) {
        return new StoreSettings(sync, queueSize, queueMemoryBytes, rememberedKeys, keepFreeBytes, changed);
    }

    public StoreSettings withQueueSize(int changed) {
        return new StoreSettings(sync, changed, queueMemoryBytes, rememberedKeys, keepFreeBytes, rollBytes);
    }
}
