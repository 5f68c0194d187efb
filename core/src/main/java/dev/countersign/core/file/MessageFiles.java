package dev.countersign.core.file;

import dev.countersign.core.Sync;
import java.nio.file.Path;

/**
 * Where messages are kept, and how.
 *
 * @param journal the ring that each batch is flushed to
 * @param log the active file of the log; its folder holds the files set aside
 * @param sync whether a batch is flushed before it is acknowledged
 * @param ringBytes of the journal, at least: four times what the lines of the largest request take; a journal never
 *     shrinks
 * @param rememberedKeys entries of keyed requests, in all
 */
public record MessageFiles(Path journal, Path log, Sync sync, long ringBytes, int rememberedKeys) {

    private static final int DEFAULT_RING_BYTES = 64 * 1024 * 1024;

    /** The usual places under a home folder, and a ring that is large enough for requests of so many bytes of lines. */
    public static MessageFiles in(Path home, Sync sync, long largestRequestBytes, int rememberedKeys) {
        return new MessageFiles(
                home.resolve("data/messages.journal"),
                home.resolve("logs/messages.jsonl"),
                sync,
                Math.max(DEFAULT_RING_BYTES, 4 * largestRequestBytes),
                rememberedKeys);
    }

    /** How many of these keys an eighth of the heap can hold, at most. */
    public static int keysWithinHeap(int rememberedKeys) {
        return (int) Math.min(rememberedKeys, Runtime.getRuntime().maxMemory() / 8 / KeyTable.BYTES_PER_ENTRY);
    }

    Path dataFolder() {
        return journal.getParent();
    }
}
