package dev.countersign.core;

/** How the store keeps registrations and messages. */
public record StoreSettings(
        DatabaseSettings database,

        TopicSettings topic,

        @Setting(
                name = "sync",
                label = "always|os",
                help = "always: flush before each answer. os: leave flushing to the operating system; faster, but a"
                        + " power cut loses the last seconds.")
        Sync sync,

        @Setting(
                name = "queue-size",
                label = "COUNT",
                max = 1_000_000,
                help = "Registrations, and message requests, that may wait for the disk; more get a 503.")
        int queueSize,

        @Setting(
                name = "queue-memory",
                label = "BYTES",
                byDefault = "1/8 of the heap",
                help = "Heap for messages that wait for the disk; requests beyond it get a 503.")
        long queueMemoryBytes,

        @Setting(
                name = "remembered-keys",
                label = "COUNT",
                min = 8,
                max = 100_000_000,
                help = "Requests with an Idempotency-Key to remember; they take at most 1/8 of the heap.")
        int rememberedKeys,

        LogSettings log) {

    public StoreSettings {
        if (queueSize < 1) {
            throw new IllegalArgumentException("a queue of " + queueSize);
        }
    }

    /** An eighth of the heap, in bytes: the default of each memory budget. */
    public static long shareOfHeap() {
        return Runtime.getRuntime().maxMemory() / 8;
    }

    public static StoreSettings defaults() {
        return new StoreSettings(
                DatabaseSettings.defaults(),
                TopicSettings.defaults(),
                Sync.ALWAYS,
                4096,
                shareOfHeap(),
                800_000,
                LogSettings.defaults());
    }
}
