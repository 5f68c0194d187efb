package dev.countersign.core.file;

import dev.countersign.core.ClientId;
import dev.countersign.core.Erased;
import dev.countersign.core.GroupCommit;
import dev.countersign.core.Home;
import dev.countersign.core.LineText;
import dev.countersign.core.LogSettings;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.LongSupplier;
import java.util.zip.GZIPOutputStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes the oldest files of the log beyond what is to be kept, and packs the others, in a thread of its own. It
 * removes and packs only files that the server named, and of those only files whose receipts all lie before the file
 * that the journal's flushed header names: no start needs them. The same thread runs each {@link Erasure}.
 */
final class Archive implements Closeable {

    private static final Logger log = LoggerFactory.getLogger(Archive.class);
    private static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long LOOK_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final long MAX_CLOCK_STEP_MICROS = TimeUnit.MINUTES.toMicros(1);
    private static final long DAY_MICROS = TimeUnit.DAYS.toMicros(1);
    private static final int BUFFER_BYTES = 64 * 1024;

    private final Disk disk;
    private final MessageFiles files;
    private final LogSettings settings;
    private final Clock clock;
    private final LongSupplier nanoTime;
    private final LogWriter messages;
    private final Path unfinished;
    private final long startMicros;
    private final long startNanos;
    private final Queue<Runnable> erasures = new ConcurrentLinkedQueue<>();
    private final Thread thread = new Thread(this::run, "message-log-archive");
    private boolean isClockDoubted;
    private volatile boolean closed;

    Archive(Disk disk, MessageFiles files, Clock clock, LongSupplier nanoTime, LogWriter messages) {
        this.disk = disk;
        this.files = files;
        settings = files.settings();
        this.clock = clock;
        this.nanoTime = nanoTime;
        this.messages = messages;
        unfinished = files.log().resolveSibling("messages.gz.new");
        startMicros = LineText.micros(clock.instant());
        startNanos = nanoTime.getAsLong();
        thread.setDaemon(true);
    }

    void start() {
        thread.start();
    }

    /** As {@link Erasure#run}, once the thread has time; fails where this is closed first. */
    CompletionStage<Erased> erase(ClientId id) {
        Erasure erasure = new Erasure(disk, files, unfinished, id, () -> closed);
        CompletionStage<Erased> erased = CompletableFuture.supplyAsync(() -> erasure.run(messages), erasures::add);
        LockSupport.unpark(thread);
        if (closed) { // the thread may have ended
            runErasures();
        }
        return erased;
    }

    private void runErasures() {
        for (Runnable each = erasures.poll(); each != null; each = erasures.poll()) {
            each.run();
        }
    }

    /** Checks the files after each roll, and every minute. */
    private void run() {
        boolean hasWork = settings.keepBytes() > 0 || settings.keepDays() > 0 || settings.compressesRolled();
        long seen = 0;
        long lookNanos = nanoTime.getAsLong();
        while (!closed) {
            long first = messages.firstNamed();
            if (hasWork && (first != seen || nanoTime.getAsLong() - lookNanos >= 0)) {
                seen = first;
                lookNanos = nanoTime.getAsLong() + LOOK_NANOS;
                try {
                    look();
                } catch (IOException e) {
                    log.warn("can't remove or pack older files of the log: {}", Home.reason(e));
                } catch (Throwable e) { // an Error, too: without this thread the log would fill the disk
                    log.error("can't remove or pack older files of the log", e);
                }
            }
            LockSupport.parkNanos(this, INTERVAL_NANOS);
            runErasures();
        }
        runErasures(); // each fails
    }

    /** Removes and compresses files. It may be killed at any time: each file that is kept stays complete. */
    void look() throws IOException {
        long firstNamed = messages.firstNamed();
        Deque<StoredFile> sealed = new ArrayDeque<>(StoredFile.named(disk, files.log()));
        sealed.removeIf(file -> file.last().filter(last -> last < firstNamed).isEmpty());
        if (settings.keepBytes() > 0) {
            removeBeyondBytes(sealed);
        }
        if (settings.keepDays() > 0 && !sealed.isEmpty() && isClockTrusted()) {
            removeOldest(sealed);
        }
        if (settings.compressesRolled()) {
            pack(sealed);
        }
    }

    private void removeBeyondBytes(Deque<StoredFile> sealed) throws IOException {
        int kept = 0;
        long bytes = 0;
        for (Iterator<StoredFile> newestFirst = sealed.descendingIterator(); newestFirst.hasNext(); kept++) {
            bytes += length(newestFirst.next());
            if (bytes > settings.keepBytes()) {
                break;
            }
        }
        while (sealed.size() > kept) {
            remove(sealed.removeFirst(), "the renamed files took more than --keep-bytes=" + settings.keepBytes());
        }
    }

    private long length(StoredFile file) throws IOException {
        return disk.stat(file.path()).map(Disk.Stat::length).orElse(0L);
    }

    /** Removes one file per call, so that somebody can notice a wrong clock before the log is empty. */
    private void removeOldest(Deque<StoredFile> sealed) throws IOException {
        StoredFile oldest = sealed.removeFirst();
        Optional<LogLines> next = sealed.isEmpty()
                ? LogLines.open(files.log())
                : sealed.getFirst().open();
        if (next.isPresent()) {
            try (LogLines lines = next.get()) { // usually newer than all of the oldest file, and quickly read
                long limit = LineText.micros(clock.instant()) - settings.keepDays() * DAY_MICROS;
                if (lines.nextMessage() && lines.line().micros() < limit && isOlder(oldest, limit)) {
                    remove(oldest, "its messages are older than --keep-days=" + settings.keepDays());
                    return;
                }
            }
        }
        sealed.addFirst(oldest);
    }

    /**
     * Whether the file's last message is older, too: the next file may begin with an earlier time, if the clock was
     * wrong for a while.
     */
    private static boolean isOlder(StoredFile file, long limit) {
        try {
            return file.lastMessage().map(last -> last.micros() < limit).orElse(true);
        } catch (IOException e) { // damaged: the next file decides alone
            log.warn("can't read {}: {}", file.path(), Home.reason(e));
            return true;
        }
    }

    /** False if the clock was set since the start, or the last message is more than a day away: it may be wrong. */
    private boolean isClockTrusted() {
        long now = LineText.micros(clock.instant());
        long passed = TimeUnit.NANOSECONDS.toMicros(nanoTime.getAsLong() - startNanos);
        boolean isSet = Math.abs(now - startMicros - passed) > MAX_CLOCK_STEP_MICROS;
        if (isSet && !isClockDoubted) {
            log.warn("the clock was set: --keep-days removes nothing until it agrees with the time since the"
                    + " start again, or the server is started again");
        }
        isClockDoubted = isSet;
        return !isSet && Math.abs(now - messages.timeMicros()) <= DAY_MICROS;
    }

    private void remove(StoredFile file, String reason) throws IOException {
        disk.delete(StoredFile.packed(file.path())); // first: if both exist, the uncompressed file counts
        disk.delete(file.path());
        log.info("removed {}: {}", file.path().getFileName(), reason);
    }

    private void pack(Deque<StoredFile> sealed) throws IOException {
        for (StoredFile each : sealed) {
            if (StoredFile.isPacked(each.path())
                    || closed
                    || !erasures.isEmpty()) { // who erases waits; a look comes after that
                continue;
            }
            if (disk.freeBytes(unfinished.getParent()) - length(each) < settings.keepFreeBytes()) {
                throw new IOException("the disk has no room beyond --keep-free to pack " + each.path());
            }
            try {
                pack(each.path());
            } catch (IOException e) { // continues with the other files
                log.warn("can't pack {}: {}", each.path(), Home.reason(e));
            }
        }
    }

    /**
     * Removes the original only when the compressed file and its name are on disk; if both exist, the original counts.
     */
    private void pack(Path file) throws IOException {
        Path packed = StoredFile.packed(file);
        disk.write(unfinished, target -> pack(file, target));
        if (!closed) { // otherwise a part may be missing, and the next start packs the file
            disk.delete(packed); // from an earlier try, or from somebody else
            disk.rename(unfinished, packed);
            disk.flushFolder(packed.getParent());
            disk.delete(file);
            log.info("packed {}", file.getFileName());
        }
    }

    private void pack(Path source, Disk.Handle target) throws IOException {
        ByteBuffer buffer = ByteBuffer.allocate(BUFFER_BYTES);
        try (Disk.Handle from = disk.open(source, Disk.Mode.POSITIONED);
                GZIPOutputStream packing = new GZIPOutputStream(target.output(), BUFFER_BYTES)) {
            int read;
            for (long position = 0; (read = from.read(buffer.clear(), position)) > 0 && !closed; position += read) {
                packing.write(buffer.array(), 0, read);
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        GroupCommit.awaitEnd(thread);
    }
}
