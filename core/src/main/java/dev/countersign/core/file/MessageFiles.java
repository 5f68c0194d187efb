package dev.countersign.core.file;

import dev.countersign.core.Home;
import dev.countersign.core.LogSettings;
import dev.countersign.core.StoreSettings;
import dev.countersign.core.Sync;
import java.nio.file.Path;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where and how messages are kept.
 *
 * @param journal the file of the {@link Journal}
 * @param log the active file of the log; rolled files are in the same folder
 * @param sync whether a batch is flushed before it is acknowledged
 * @param ringBytes size of the journal's ring, at least four times the lines of the largest request; a journal never
 *     shrinks
 * @param rememberedKeys the number of keyed requests to remember, of all ids
 * @param settings of the log's files
 */
public record MessageFiles(
        Path journal, Path log, Sync sync, long ringBytes, int rememberedKeys, LogSettings settings) {

    private static final Logger serverLog = LoggerFactory.getLogger(MessageFiles.class);

    /** Ten times the lines of the largest request: a body of 1 MiB, with each byte escaped as six. */
    private static final int RING_BYTES = 64 * 1024 * 1024;

    /** The files of a home, with as many keys as fit into an eighth of the heap. */
    public static MessageFiles in(Home home, StoreSettings settings) {
        int wanted = settings.rememberedKeys();
        int fit = (int) Math.min(wanted, StoreSettings.shareOfHeap() / KeyTable.BYTES_PER_ENTRY);
        if (fit < wanted) {
            serverLog.warn("remembers {} keyed requests, not {}: the heap is small", fit, wanted);
        }
        return new MessageFiles(home.journal(), home.messageLog(), settings.sync(), RING_BYTES, fit, settings.log());
    }

    /** With --group-readable the log's folder. */
    Optional<Path> sharedFolder() {
        return Optional.of(log.getParent()).filter(logs -> settings.groupReadable());
    }

    Path dataFolder() {
        return journal.getParent();
    }
}
