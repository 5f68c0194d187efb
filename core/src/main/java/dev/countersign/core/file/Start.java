package dev.countersign.core.file;

import dev.countersign.core.LineText;
import dev.countersign.core.Past;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Restores log and key file from the journal after a kill, a power cut or changes by others, before the server takes
 * requests. If it is interrupted before it flushes a header at its end, the next start does everything again.
 */
final class Start {

    private static final Logger log = LoggerFactory.getLogger(Start.class);

    /** A smaller key file is not rewritten. */
    private static final int LEAST_KEY_BYTES = 4 * 1024 * 1024;

    private static final int SECTOR_BYTES = 512;
    private static final int MAX_TRIES = 5;

    private final Disk disk;
    private final MessageFiles files;
    private final Path path;
    private final Path unfinished;
    private final Clock clock;
    private final LongSupplier nanoTime;

    Start(Disk disk, MessageFiles files, Clock clock, LongSupplier nanoTime) {
        this.disk = disk;
        this.files = files;
        this.clock = clock;
        this.nanoTime = nanoTime;
        path = files.log();
        unfinished = path.resolveSibling(path.getFileName() + ".new");
    }

    LogWriter run(Past past) throws IOException {
        for (int tries = 1; ; tries++) {
            List<Closeable> opened = new ArrayList<>();
            try {
                return run(past, opened);
            } catch (IOException | RuntimeException e) {
                for (Closeable each : opened) {
                    each.close();
                }
                if (tries == MAX_TRIES || !(e instanceof FileSystemException)) { // somebody may have renamed the log
                    throw e;
                }
            }
        }
    }

    private LogWriter run(Past past, List<Closeable> opened) throws IOException {
        if (disk.stat(files.journal()).isEmpty()) {
            makeJournal(past);
        }
        if (disk.stat(files.journal())
                .filter(stat -> stat.identity() == Disk.UNKNOWN)
                .isPresent()) {
            log.warn("this platform doesn't tell one file from another: a journal or a log that is replaced by a file"
                    + " of the same length while the server runs goes unnoticed");
        }
        Journal journal = Journal.open(disk, files.journal(), files.sync());
        opened.add(journal);
        KeyTable keys = new KeyTable(files.rememberedKeys());
        KeyFile keyFile = new KeyFile(disk, files.dataFolder(), journal.seed(), LEAST_KEY_BYTES, journal.named(), keys);
        opened.add(keyFile);
        List<JournalRecord> records = journal.since(journal.named());
        for (JournalRecord each : records) {
            keyFile.append(each.keys(), keys);
        }
        LogWriter.flush(keyFile.handles());
        LogFile active = openEqual(journal, records);
        opened.add(active);
        return makeEqual(journal, keys, keyFile, active);
    }

    private void makeJournal(Past past) throws IOException {
        KeyFile.setAside(disk, files.dataFolder());
        boolean hasLog = disk.stat(path).filter(stat -> stat.length() > 0).isPresent();
        Checkpoint start = past == Past.BEFORE_JOURNALS && hasLog ? mendOldLog() : beginAbove(past);
        Journal.create(disk, files.journal(), files.ringBytes(), files.sync(), new SecureRandom().nextLong(), start)
                .close();
    }

    /** Cuts off an incomplete last line, which was never acknowledged, and continues at the end of the old log. */
    private Checkpoint mendOldLog() throws IOException {
        LogScan scan = LogScan.strict(disk, path);
        long torn = disk.stat(path).orElseThrow().length() - scan.endOfLines();
        try (Disk.Handle handle = disk.open(path, Disk.Mode.POSITIONED)) {
            handle.truncate(scan.endOfLines());
            handle.force();
        }
        if (torn > 0) {
            log.warn("cut {} bytes off the end of {}: a line that a crash left torn, never acknowledged", torn, path);
        }
        long next = scan.lastReceipt() + 1;
        long first = scan.firstReceipt() == 0 ? next : scan.firstReceipt();
        return new Checkpoint(0, Journal.RING_START, next, scan.lastTimeMicros(), first, scan.endOfLines(), 1, 0, 0);
    }

    /** Begins above all receipts that were ever given: assumes that nobody logs a million a second for years. */
    private Checkpoint beginAbove(Past past) throws IOException {
        long highest = StoredFile.lastReceipt(disk, path);
        if (disk.stat(path).isPresent()) {
            highest = Math.max(highest, LogScan.tolerant(disk, path, 0).lastReceipt());
        }
        boolean isFirst = past != Past.LOST_JOURNAL
                && highest == 0
                && disk.list(path.getParent()).stream()
                        .noneMatch(file -> !file.equals(path) && StoredFile.isRotated(file));
        long next = isFirst ? 1 : Math.max(highest + 1, LineText.micros(clock.instant()));
        return new Checkpoint(0, Journal.RING_START, next, 0, next, 0, 1, 0, 0);
    }

    /**
     * Gives the active file what the journal has and it lacks; after another file, or one with more, a new one begins.
     */
    private LogWriter makeEqual(Journal journal, KeyTable keys, KeyFile keyFile, LogFile active) throws IOException {
        LogScan more = LogScan.tolerant(disk, path, active.length());
        disk.flushFolder(path.getParent());
        LogWriter started = new LogWriter(disk, files, clock, nanoTime, journal, keys, keyFile, active);
        started.noteEqual();
        long highest = Math.max(StoredFile.lastReceipt(disk, path), more.lastReceipt());
        if (more.endOfLines() > active.length() || highest >= journal.nextReceipt()) {
            journal.skipReceipts(highest + 1);
            started.newFile("it has lines that the journal never had");
            started.noteEqual();
        }
        return started;
    }

    private LogFile openEqual(Journal journal, List<JournalRecord> records) throws IOException {
        disk.delete(unfinished);
        Checkpoint named = journal.named();
        ByteBuffer lines = JournalRecord.lines(records);
        if (isActive(named, lines)) {
            writeAgain(named, lines);
            if (isActive(named, lines)) { // otherwise somebody has truncated or replaced it meanwhile
                return new LogFile(disk, path, named.logFirst(), named.logLength() + lines.remaining());
            }
        }
        return beginAnother(journal, records);
    }

    /** Whether the file at the path is the one that the header names, and its start is as it was flushed. */
    private boolean isActive(Checkpoint named, ByteBuffer lines) throws IOException {
        long length = disk.stat(path).map(Disk.Stat::length).orElse(-1L);
        if (named.logLength() == 0) {
            return length == 0 || length > 0 && beginsWith(lines);
        }
        return length >= named.logLength()
                && (named.logSum() == 0
                        || LogFile.sum(disk, path, named.logLength()).getValue() == named.logSum())
                && endsLine(named.logLength());
    }

    /** Otherwise somebody has edited the file behind the part that has a checksum. */
    private boolean endsLine(long end) throws IOException {
        ByteBuffer last = ByteBuffer.allocate(1);
        try (Disk.Handle handle = disk.open(path, Disk.Mode.POSITIONED)) {
            handle.fill(last, end - 1);
        }
        return last.get(0) == '\n';
    }

    /** Whether the file's start can be what a power cut left of these lines: their bytes, or zeros. */
    private boolean beginsWith(ByteBuffer lines) throws IOException {
        ByteBuffer found = LogFile.start(disk, path, lines.remaining());
        for (int i = 0; i < found.limit(); i++) {
            if (found.get(i) != 0 && found.get(i) != lines.get(i)) {
                return false;
            }
        }
        return lines.hasRemaining();
    }

    /**
     * Whether the file's start has sectors of one of these batches. If somebody truncates the file, a batch is appended
     * there before the writer notices; after a power cut, sectors of old and new lines may lie side by side.
     */
    private boolean hasBatchAtStart(List<JournalRecord> batches) throws IOException {
        ByteBuffer found = LogFile.start(disk, path, Long.MAX_VALUE);
        for (JournalRecord each : batches) {
            int length = each.lines().limit();
            ByteBuffer batch =
                    ByteBuffer.allocate(length + SECTOR_BYTES).put(each.lines().duplicate());
            for (int at = 0; at < Math.min(length, found.limit()); at += SECTOR_BYTES) {
                int bytes = Math.min(SECTOR_BYTES, found.limit() - at);
                if (batch.slice(at, bytes).equals(found.slice(at, bytes))) {
                    return true;
                }
            }
        }
        return false;
    }

    /** Writes the bytes after the checkpoint again: after a failed flush they may be in the cache but not on disk. */
    private void writeAgain(Checkpoint named, ByteBuffer lines) throws IOException {
        long end = named.logLength() + lines.remaining();
        try (Disk.Handle handle = disk.open(path, Disk.Mode.POSITIONED)) {
            long found = handle.length();
            handle.write(lines.duplicate(), named.logLength());
            long endOfLines = found > end ? LogScan.tolerant(disk, path, end).endOfLines() : end;
            if (found > endOfLines) {
                handle.truncate(endOfLines); // an incomplete line, never acknowledged
                log.warn("cut {} bytes off the end of {}: no whole line", found - endOfLines, path);
            } else if (found < end) {
                log.info("{} lacked {} bytes, which the journal had", path, end - found);
            }
        }
    }

    /**
     * Creates a file with these lines. It gets its name when all of it is on disk, and before a header names it. So if
     * somebody renamed the old file and a power cut undoes that, the next start still repairs the old file.
     */
    private LogFile beginAnother(Journal journal, List<JournalRecord> records) throws IOException {
        long next = journal.nextReceipt();
        if (disk.stat(path).filter(stat -> stat.length() > 0).isPresent()) {
            LogScan scan = LogScan.tolerant(disk, path, 0);
            long first = journal.named().logFirst();
            boolean isRolled = scan.lastReceipt() + 1 == first;
            boolean isMixed = scan.firstReceipt() >= first && hasBatchAtStart(records);
            LogFile.flush(disk, path);
            Path aside = StoredFile.setAside(
                    disk,
                    path,
                    isMixed ? first : scan.firstReceipt(),
                    isMixed || scan.lastReceipt() == 0 ? next - 1 : scan.lastReceipt(),
                    isMixed ? StoredFile.UNREAD_ENDING : StoredFile.ENDING);
            String reason = isMixed
                    ? "somebody had truncated it, and lines in it may be made of an old and a new one"
                    : isRolled
                            ? "a stop interrupted that"
                            : "it is not the file that was written last, as after a restore";
            log.atLevel(isRolled ? Level.INFO : Level.WARN)
                    .log("{} was set aside as {}: {}", path, aside.getFileName(), reason);
        }
        ByteBuffer lines = JournalRecord.lines(records);
        disk.write(unfinished, handle -> handle.write(lines, 0));
        disk.delete(path); // it is empty, if it exists
        disk.rename(unfinished, path);
        return new LogFile(disk, path, JournalRecord.firstReceipt(records, next), lines.limit());
    }
}
