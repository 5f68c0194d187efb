package dev.countersign.core;

/** How the store keeps what it is given. */
public record StoreSettings(
        DatabaseSettings database,

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

        LogSettings log) {

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
        return new StoreSettings(
                DatabaseSettings.defaults(), Sync.ALWAYS, 4096, shareOfHeap(), 800_000, LogSettings.defaults());
    }

    public StoreSettings withDatabase(DatabaseSettings changed) {
        return new StoreSettings(changed, sync, queueSize, queueMemoryBytes, rememberedKeys, log);
    }

    public StoreSettings withSync(Sync changed) {
        return new StoreSettings(database, changed, queueSize, queueMemoryBytes, rememberedKeys, log);
    }

    public StoreSettings withLog(LogSettings changed) {
        return new StoreSettings(database, sync, queueSize, queueMemoryBytes, rememberedKeys, changed);
    }

    public StoreSettings withQueueSize(int changed) {
        return new StoreSettings(database, sync, changed, queueMemoryBytes, rememberedKeys, log);
    }
}
