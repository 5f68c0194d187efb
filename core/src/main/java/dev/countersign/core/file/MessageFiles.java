package dev.countersign.core.file;

import dev.countersign.core.Home;
import dev.countersign.core.LogSettings;
import dev.countersign.core.StoreSettings;
import dev.countersign.core.Sync;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where messages are kept, and how.
 *
 * @param journal the ring that each batch is flushed to
 * @param log the active file of the log; its folder holds the files set aside
 * @param sync whether a batch is flushed before it is acknowledged
 * @param ringBytes of the journal, at least: four times what the lines of the largest request take; a journal never
 *     shrinks
 * @param rememberedKeys entries of keyed requests, in all
 * @param settings of the log's files
 */
public record MessageFiles(
        Path journal, Path log, Sync sync, long ringBytes, int rememberedKeys, LogSettings settings) {

    private static final Logger serverLog = LoggerFactory.getLogger(MessageFiles.class);

    /** Ten times what the lines of the largest request take: a body of 1 MiB, each byte of it escaped as six. */
    private static final int RING_BYTES = 64 * 1024 * 1024;

    /** The usual places in a home, and as many keys as an eighth of the heap can hold. */
    public static MessageFiles in(Home home, StoreSettings settings) {
        int wanted = settings.rememberedKeys();
        int fit = (int) Math.min(wanted, StoreSettings.shareOfHeap() / KeyTable.BYTES_PER_ENTRY);
        if (fit < wanted) {
            serverLog.warn("remembers {} keyed requests, not {}: the heap is small", fit, wanted);
        }
        return new MessageFiles(home.journal(), home.messageLog(), settings.sync(), RING_BYTES, fit, settings.log());
    }

    Path dataFolder() {
        return journal.getParent();
    }
}
