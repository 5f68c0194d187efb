package dev.countersign.core.file;

import dev.countersign.core.Appended;
import dev.countersign.core.GroupCommit;
import dev.countersign.core.Home;
import dev.countersign.core.LineText;
import dev.countersign.core.LogFigures;
import dev.countersign.core.LogSettings;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.stream.LongStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Writes the messages of one server to files. It flushes a batch to the {@link Journal}, appends its lines to the log
 * and its keys to the key file, and then acknowledges it. The {@link Flusher} flushes log and key file a few times a
 * second; after that the journal can reuse the space. At a start, {@link Start} restores the log from the journal.
 *
 * <p>Only one thread, the writer, calls {@link #commit}; all other methods are safe for use by many threads. When
 * {@link #commit} has returned, its requests survive a kill and a power cut.
 */
final class LogWriter implements GroupCommit.Sink<Append, Appended>, Closeable {

    private static final Logger log = LoggerFactory.getLogger(LogWriter.class);

    /** A batch has complete requests: at most this many bytes, or one larger request. */
    private static final int MAX_BATCH_BYTES = 4 * 1024 * 1024;

    private static final long MAX_STEP_BACK_MICROS = TimeUnit.MINUTES.toMicros(1);
    private static final long RENAME_GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);
    private static final long GROW_PAUSE_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final long LOOK_PAUSE_NANOS = TimeUnit.MINUTES.toNanos(1);
    private static final int MAX_TRIES = 20;
    private static final long DAY_MICROS = TimeUnit.DAYS.toMicros(1);
    private static final String DAY_ENDED = "the day has ended (--roll-daily)";
    private static final String FULL = "it has reached --roll-size";
    private static final String ERASING = "messages of it are to be erased";
    private static final Set<String> USUAL = Set.of(DAY_ENDED, FULL, ERASING);

    private final ReentrantLock lock = new ReentrantLock(true); // fair: otherwise the writer would starve the flusher
    private final Condition flushEnded = lock.newCondition();
    private final Disk disk;
    private final MessageFiles files;
    private final Path path;
    private final Clock clock;
    private final LongSupplier nanoTime;
    private final Journal journal;
    private final KeyTable keys;
    private final KeyFile keyFile;
    private final JournalBatch batch;
    private long growNanos; // the journal, not before this; used by the flusher alone
    private LogFile active;
    private Checkpoint flushed; // log and key file were flushed up to this one, and the log was unchanged
    private ByteBuffer missingLines = ByteBuffer.allocate(0); // the journal has them, the log lacks them
    private ByteBuffer missingKeys = ByteBuffer.allocate(0);
    private Optional<String> newFileDue = Optional.empty(); // the reason, while beginning a new file has failed
    private volatile boolean lacksRoom = true; // until the free space is known
    private boolean logFlushFailed;
    private boolean keyFlushFailed;
    private boolean flushing;
    private volatile long messages; // since the start; written under the lock, as are the next, and read without it
    private volatile long loggedBytes;
    private volatile long rolls;
    private volatile int rememberedKeys;
    private volatile Uncounted uncounted;
    private Optional<Long> missingSinceNanos = Optional.empty();

    /** What the log's folder has beyond what was logged and begun here: less than nothing where files were removed. */
    private record Uncounted(long dueNanos, long bytes, long files) {}

    /** Takes over what a start has opened; {@link #noteEqual} ends the start. */
    LogWriter(
            Disk disk,
            MessageFiles files,
            Clock clock,
            LongSupplier nanoTime,
            Journal journal,
            KeyTable keys,
            KeyFile keyFile,
            LogFile active) {
        this.disk = disk;
        this.files = files;
        path = files.log();
        this.clock = clock;
        this.nanoTime = nanoTime;
        this.journal = journal;
        this.keys = keys;
        this.keyFile = keyFile;
        rememberedKeys = keys.size();
        this.active = active;
        flushed = journal.named();
        batch = new JournalBatch(journal.seed());
        growNanos = nanoTime.getAsLong();
        uncounted = new Uncounted(growNanos, 0, 0);
    }

    /** Flushes the log, and records in the journal that log and key file have everything. */
    void noteEqual() throws IOException {
        flushLog();
        flushed = journal.reached(active, keyFile);
        journal.writeHeader(flushed);
    }

    /** Flushes and closes all files. No other method may be called any more. */
    @Override
    public void close() throws IOException {
        try (journal;
                keyFile) {
            try {
                checkpoint();
                journal.writeHeader(flushed);
            } catch (IOException e) {
                log.warn("the log was not flushed; the next start makes it equal to the journal", e);
            }
            active.close();
        }
    }

    /**
     * Logs the new ones of these requests in order, as one batch, or as several if they are larger than a batch may be.
     *
     * @return an outcome for each request
     * @throws IOException if it is unknown whether they were logged; then none is acknowledged
     */
    @Override
    public List<Appended> commit(List<Append> requests) throws IOException {
        lock.lock();
        try {
            if (lacksRoom) {
                requireRoom();
            }
            List<Appended> outcomes = new ArrayList<>(requests.size());
            while (outcomes.size() < requests.size()) {
                mend(); // checks the log: so one batch at most is appended after somebody has truncated it
                rollIfDue();
                commitBatch(requests, outcomes);
            }
            if (!flushing) { // otherwise a failure of that flush would be overlooked, if the file is replaced meanwhile
                keyFile.tidy(keys, journal.nextReceipt());
            }
            rememberedKeys = keys.size();
            return outcomes;
        } finally {
            lock.unlock();
        }
    }

    @Override
    public void probe() throws IOException {
        lock.lock();
        try {
            requireRoom();
            mend();
            rollIfDue(); // the day may end while no messages come
        } finally {
            lock.unlock();
        }
    }

    /**
     * Checks the free space. It must always be enough for the lines that the log still lacks, and for the next start.
     */
    void requireRoom() throws IOException {
        long free = freeBytes();
        lacksRoom = free < files.settings().keepFreeBytes();
        if (lacksRoom) {
            path.getParent().toRealPath(); // fails if the folder is gone: then it has no free bytes either
            throw new IOException("the disk has " + free + " bytes left, less than --keep-free="
                    + files.settings().keepFreeBytes() + ": make room, or choose a lower limit");
        }
    }

    private long freeBytes() {
        return Math.min(disk.freeBytes(path.getParent()), disk.freeBytes(files.dataFolder()));
    }

    private void commitBatch(List<Append> requests, List<Appended> outcomes) throws IOException {
        int maxBytes = Math.min(MAX_BATCH_BYTES, journal.largestRecordBytes());
        Instant time = Instant.EPOCH;
        batch.clear();
        for (Append request : requests.subList(outcomes.size(), requests.size())) {
            Optional<Appended> remembered = request.keyed().flatMap(this::remembered);
            if (remembered.isPresent()) {
                outcomes.add(remembered.get());
                continue;
            }
            if (batch.bytes() == 0) {
                batch.begin(journal.nextReceipt(), nextTime());
                time = LineText.instant(batch.timeMicros()); // one object: the answers share the formatted time
            } else if (batch.bytes() + request.bytes() > maxBytes) {
                break;
            }
            outcomes.add(new Appended.Logged(receipts(batch.add(request), request.count()), time));
        }
        if (batch.bytes() > 0) {
            makeDurable();
        }
    }

    private Optional<Appended> remembered(Append.Keyed keyed) {
        return batch.find(keyed.name())
                .or(() -> keys.find(keyed.name()))
                .map(entry -> entry.request().equals(keyed.request())
                        ? new Appended.Repeated(
                                receipts(entry.receipt(), entry.count()), LineText.instant(entry.timeMicros()))
                        : new Appended.KeyReused());
    }

    private static List<String> receipts(long first, int count) {
        return count == 1
                ? List.of(Long.toString(first))
                : LongStream.range(first, first + count)
                        .mapToObj(Long::toString)
                        .toList();
    }

    private void makeDurable() throws IOException {
        batch.build();
        if (!journal.hasRoom(batch.recordBytes())) {
            makeRoom();
        }
        journal.append(batch, flushed);
        missingLines = batch.lines();
        loggedBytes += missingLines.remaining();
        missingKeys = batch.keys();
        completeLog();
        messages += batch.count();
        keyFile.removeBefore(journal.named().keyFile());
    }

    /**
     * The time of the next batch in microseconds; it increases from batch to batch. If the clock was set back, rolls.
     */
    private long nextTime() throws IOException {
        long now = LineText.micros(clock.instant());
        long last = journal.timeMicros();
        if (now < last - MAX_STEP_BACK_MICROS) {
            roll("the clock was set back");
            return now;
        }
        return Math.max(now, last + 1);
    }

    /** Repairs what a failure or somebody else did to the files; afterwards the log has everything in the journal. */
    private void mend() throws IOException {
        journal.check();
        journal.mend(flushed);
        LogFile.Found found = active.check();
        if (found == LogFile.Found.WELL) {
            missingSinceNanos = Optional.empty();
        }
        if (logFlushFailed) {
            active.writeAgain(JournalRecord.lines(journal.allSince(flushed)), flushed.logLength());
            logFlushFailed = false;
        }
        boolean isGone = found == LogFile.Found.MISSING && graceHasPassed();
        if (found != LogFile.Found.CHANGED && !isGone) { // on a full disk this fails until the removed file is closed
            completeLog();
        }
        if (newFileDue.isPresent() || found == LogFile.Found.CHANGED) {
            newFile(newFileDue.orElse("something else has changed or replaced it"));
        } else if (isGone) {
            newFile("it was renamed or removed");
        }
        if (keyFlushFailed) {
            keyFile.writeAnew(keys);
            keyFlushFailed = false;
        }
    }

    /**
     * A program that renames the file, such as logrotate, may create the next one itself: gives it a moment to do so.
     */
    private boolean graceHasPassed() {
        long now = nanoTime.getAsLong();
        long since = missingSinceNanos.orElse(now);
        missingSinceNanos = Optional.of(since);
        return now - since > RENAME_GRACE_NANOS;
    }

    private void completeLog() throws IOException {
        active.append(missingLines);
        if (missingKeys.hasRemaining()) {
            keyFile.append(missingKeys, keys);
        }
    }

    private void rollIfDue() throws IOException {
        if (missingSinceNanos.isPresent() || active.length() == 0) {
            return;
        }
        LogSettings settings = files.settings();
        if (active.length() >= settings.rollBytes()) {
            roll(FULL);
        } else if (settings.rollsDaily()
                && LineText.micros(clock.instant()) / DAY_MICROS > journal.timeMicros() / DAY_MICROS) {
            roll(DAY_ENDED);
        }
    }

    /** Flushes the log and begins a new file, while the writer waits. */
    private void roll(String reason) throws IOException {
        flushInTurn();
        newFile(reason);
    }

    /**
     * Begins a new file with everything that was appended since the last successful flush. First flushes the old file,
     * then writes a header, so that a start knows about the new file, then renames the old file, unless it is empty.
     */
    void newFile(String reason) throws IOException {
        newFileDue = Optional.of(reason);
        for (int tries = 1; newFileDue.isPresent(); tries++) {
            try {
                tryNewFile(reason);
            } catch (NoSuchFileException | FileAlreadyExistsException e) {
                if (tries == MAX_TRIES) { // before that: somebody renamed or created the file just now
                    throw e;
                }
            }
        }
    }

    private void tryNewFile(String reason) throws IOException {
        boolean isSetAside = disk.stat(path).filter(stat -> stat.length() > 0).isPresent();
        flushLog(); // even if it was renamed: a power cut may undo that
        if (isSetAside) {
            logFlushFailed = true; // it may be the same file
            LogFile.flush(disk, path);
            logFlushFailed = false;
        }
        List<JournalRecord> records = journal.allSince(flushed);
        long first = JournalRecord.firstReceipt(records, journal.nextReceipt());
        Checkpoint start = flushed.inNewLog(first);
        journal.writeHeader(start);
        Level level = USUAL.contains(reason) ? Level.INFO : Level.WARN;
        if (isSetAside) {
            Path aside = StoredFile.setAside(disk, path, active.first(), journal.nextReceipt() - 1, StoredFile.ENDING);
            log.atLevel(level).log("the message log {} was set aside as {}: {}", path, aside.getFileName(), reason);
        } else {
            active.removeIfEmptied();
        }
        LogFile next = LogFile.begin(disk, path, first);
        if (!isSetAside) { // not before: where it fails, it is tried every 50 ms
            log.atLevel(level).log("a new message log {} begins: {}", path, reason);
        }
        active.close();
        active = next;
        rolls++;
        flushed = start;
        missingLines = JournalRecord.lines(records);
        missingSinceNanos = Optional.empty();
        logFlushFailed = false;
        newFileDue = Optional.empty();
        completeLog();
    }

    /** Frees space in the journal: writes the header that is due, and flushes the log if that is not enough. */
    private void makeRoom() throws IOException {
        if (!flushed.equals(journal.named())) {
            journal.writeHeader(flushed);
        }
        if (!journal.hasRoom(batch.recordBytes())) {
            flushInTurn();
            journal.writeHeader(flushed);
        }
    }

    /** Flushes log and key file while the writer waits; tries again if somebody changes the log meanwhile. */
    private void flushInTurn() throws IOException {
        for (int tries = 1; !isFlushedInTurn(); tries++) {
            if (tries == MAX_TRIES) {
                throw new IOException("the message log " + path + " was changed while it was flushed");
            }
        }
    }

    private boolean isFlushedInTurn() throws IOException {
        awaitFlush();
        mend();
        if (active.check() != LogFile.Found.WELL) {
            newFile("it was renamed or removed");
        }
        return flush(false);
    }

    /** Of two simultaneous flushes of a file, only one reports a failure. */
    private void awaitFlush() {
        while (flushing) {
            flushEnded.awaitUninterruptibly();
        }
    }

    /**
     * Flushes log and key file, and checks the log. If nobody changed the log, this is the new checkpoint.
     *
     * @param batchesContinue whether the writer may append meanwhile
     * @return whether there is a new checkpoint
     * @throws IOException if a file can't be flushed, unless a new one began meanwhile
     */
    private boolean flush(boolean batchesContinue) throws IOException {
        Checkpoint noted = journal.reached(active, keyFile);
        LogFile file = active;
        List<Disk.Handle> keyHandles = keyFile.handles();
        boolean logFailed = true; // until it has succeeded
        boolean keysFailed = true;
        Optional<IOException> failure = Optional.empty();
        flushing = true;
        if (batchesContinue) {
            lock.unlock();
        }
        try {
            file.force();
            logFailed = false;
            flush(keyHandles);
            keysFailed = false;
        } catch (IOException e) {
            failure = Optional.of(e);
        } finally {
            if (batchesContinue) {
                lock.lock();
            }
            flushing = false;
            flushEnded.signalAll();
            logFlushFailed |= logFailed && isLog(file);
            keyFlushFailed |= keysFailed && !logFailed && noted.keyFile() == keyFile.number();
        }
        if (!isLog(file) || noted.keyFile() != keyFile.number()) {
            return false;
        }
        if (failure.isPresent()) {
            throw failure.get();
        }
        if (active.check() != LogFile.Found.WELL) {
            return false;
        }
        flushed = noted;
        return true;
    }

    private boolean isLog(LogFile file) {
        return file == active && newFileDue.isEmpty();
    }

    private void flushLog() throws IOException {
        logFlushFailed = true; // until it has succeeded
        active.force();
        logFlushFailed = false;
    }

    static void flush(List<Disk.Handle> handles) throws IOException {
        for (Disk.Handle each : handles) {
            each.force();
        }
    }

    /**
     * Flushes log and key file, and checks the log; the journal's next header records it. Batches continue meanwhile.
     *
     * @throws IOException if the log or the key file can't be written or flushed
     */
    void checkpoint() throws IOException {
        lock.lock();
        try {
            awaitFlush();
            mend();
            if (!journal.reached(active, keyFile).equals(flushed)) {
                flush(true);
            }
        } finally {
            lock.unlock();
        }
    }

    /**
     * Begins a new file, and removes from the journal what the files before it have: no start brings it back. The
     * writer waits while that is written, some 64 MB.
     *
     * @return the first receipt that the new file may have
     */
    long seal() throws IOException {
        lock.lock();
        try {
            flushInTurn();
            if (active.length() > 0) {
                newFile(ERASING);
            }
            journal.clear(flushed);
            return journal.nextReceipt();
        } finally {
            lock.unlock();
        }
    }

    /** First receipt of the file that the journal's flushed header names: of the files before it no start needs any. */
    long firstNamed() {
        return journal.named().logFirst();
    }

    /** The time of the last batch, in microseconds since 1970. */
    long timeMicros() {
        return journal.timeMicros();
    }

    /**
     * Of what the last batch left: the lock may be held for as long as a disk hangs. The folder, with thousands of
     * files perhaps, is looked at once a minute; what comes meanwhile is counted.
     */
    LogFigures figures(GroupCommit.Figures commits) {
        if (nanoTime.getAsLong() - uncounted.dueNanos >= 0) {
            uncounted = lookAtFolder(uncounted);
        }
        LogFigures.Files files = new LogFigures.Files(
                journal.nextReceipt() - 1,
                rolls,
                uncounted.bytes + loggedBytes,
                (int) (uncounted.files + rolls),
                freeBytes());
        return new LogFigures(commits, messages, rememberedKeys, Optional.of(files));
    }

    private Uncounted lookAtFolder(Uncounted last) {
        long dueNanos = nanoTime.getAsLong() + LOOK_PAUSE_NANOS;
        long bytes = -loggedBytes;
        long count = -rolls;
        try {
            for (Path each : disk.list(path.getParent())) {
                if (StoredFile.isRotated(each)) {
                    bytes += disk.stat(each).map(Disk.Stat::length).orElse(0L);
                    count++;
                }
            }
            return new Uncounted(dueNanos, bytes, count);
        } catch (IOException e) {
            log.warn("can't sum up the files of the log, for the figures: {}", Home.reason(e));
            return new Uncounted(dueNanos, last.bytes, last.files);
        }
    }

    /** Whether the journal has little room left until the next {@link #checkpoint}. */
    boolean isFillingUp() {
        lock.lock();
        try {
            return !journal.hasRoom(journal.largestRecordBytes());
        } finally {
            lock.unlock();
        }
    }

    /** Extends the journal towards its full size, if the disk has room beyond what is reserved for messages. */
    void grow() {
        if (journal.hasSize(files.ringBytes()) || nanoTime.getAsLong() - growNanos < 0) {
            return;
        }
        try {
            if (freeBytes() - files.ringBytes() < files.settings().keepFreeBytes()) {
                throw new IOException("the disk has too little room beyond --keep-free");
            }
            journal.grow(files.ringBytes());
        } catch (IOException e) {
            growNanos = nanoTime.getAsLong() + GROW_PAUSE_NANOS; // somebody may make room
            log.warn("the journal can't have its full size, so that bursts may wait: {}", e.getMessage());
        }
    }
}
