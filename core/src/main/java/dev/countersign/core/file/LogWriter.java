package dev.countersign.core.file;

import dev.countersign.core.Appended;
import dev.countersign.core.Home;
import dev.countersign.core.Past;
import dev.countersign.core.StartupException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import java.util.stream.LongStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The messages of one server in files. A batch is flushed to the {@link Journal}, then its lines are appended to the log
 * and its keys entered, then it is acknowledged; a thread of its own flushes log and keys some times a second, after which
 * the journal may use the space again. A start makes the log equal to the journal.
 *
 * <p>{@link #commit} and {@link #probe} are for one thread, the writer; the rest is safe for use by many. What
 * {@link #commit} has returned for survives a kill and a power cut.
 */
final class LogWriter implements Closeable {

    private static final Logger log = LoggerFactory.getLogger(LogWriter.class);

    /** A batch is whole requests: this many bytes at most, or one larger request. */
    private static final int MAX_BATCH_BYTES = 4 * 1024 * 1024;

    private static final long MAX_STEP_BACK_MICROS = TimeUnit.MINUTES.toMicros(1);
    private static final long RENAME_GRACE_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

    private final ReentrantLock lock = new ReentrantLock(true); // fair: the writer would keep it from the flusher
    private final Condition flushEnded = lock.newCondition();
    private final Disk disk;
    private final Path path;
    private final Clock clock;
    private final LongSupplier nanoTime;
    private final Journal journal;
    private final KeyTable keys;
    private final KeyFile keyFile;
    private final Batch batch;
    private final long ringBytes;
    private boolean hasFullSize; // the journal; used by the flusher alone
    private final List<KeyEntry> batchKeys = new ArrayList<>();
    private LogFile active;
    private Checkpoint flushed; // the last that log and keys were flushed up to, and found well
    private ByteBuffer missingLines = ByteBuffer.allocate(0); // of what the journal has, those the log lacks
    private ByteBuffer missingKeys = ByteBuffer.allocate(0);
    private boolean newFileDue; // it was begun, and failed
    private boolean logFlushFailed;
    private boolean keyFlushFailed;
    private boolean flushing;
    private Optional<Long> missingSinceNanos = Optional.empty();
    private Optional<Flusher> flusher = Optional.empty();

    /** Takes over what a start has made equal and flushed. */
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
        path = files.log();
        ringBytes = files.ringBytes();
        this.clock = clock;
        this.nanoTime = nanoTime;
        this.journal = journal;
        this.keys = keys;
        this.keyFile = keyFile;
        this.active = active;
        flushed = reached();
        batch = new Batch(journal.seed());
    }

    /**
     * Makes log and keys equal to the journal, and starts the thread that flushes them.
     *
     * @param past what the home was before; asked only where it has no journal
     * @throws StartupException where something can't be opened, or the disk has lost what it had flushed
     */
    static LogWriter open(MessageFiles files, Past past, Clock clock) {
        try {
            LogWriter opened = new Start(new LocalDisk(), files, clock, System::nanoTime).run(past);
            opened.flusher = Optional.of(new Flusher(opened));
            return opened;
        } catch (IOException e) {
            throw new StartupException(
                    "can't open the messages in " + files.dataFolder().getParent() + ": "
                            + Home.reason(e)
                            + ". Give this user the right to, make room, or choose another folder with --home.",
                    e);
        }
    }

    /** The header that ends a start: what the log and keys lacked, they have. */
    void start() throws IOException {
        journal.writeHeader(flushed);
    }

    /** Whether log and keys could be written and flushed the last time that this was tried. */
    boolean healthy() {
        return flusher.map(Flusher::healthy).orElse(true);
    }

    /** Flushes what is open; to be called when no {@link #commit} is under way, nor will be. */
    @Override
    public void close() throws IOException {
        flusher.ifPresent(Flusher::close);
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
     * Logs requests, in order: all that are new as one batch, or as several where they are larger than a batch may be.
     *
     * @return an outcome for each request
     * @throws IOException where it is unknown whether they were logged; none is acknowledged
     */
    List<Appended> commit(List<Request> requests) throws IOException {
        lock.lock();
        try {
            mend();
            List<Appended> outcomes = new ArrayList<>(requests.size());
            while (outcomes.size() < requests.size()) {
                commitBatch(requests, outcomes);
            }
            keyFile.tidy(keys, journal.nextReceipt());
            return outcomes;
        } finally {
            lock.unlock();
        }
    }

    /** Tries whether the next commit would succeed; throws where it would not. */
    void probe() throws IOException {
        lock.lock();
        try {
            mend();
        } finally {
            lock.unlock();
        }
    }

    private void commitBatch(List<Request> requests, List<Appended> outcomes) throws IOException {
        long micros = nextTime();
        Instant instant = LineText.instant(micros); // one object a batch, by which its answers share the text of it
        long receipt = journal.nextReceipt();
        List<Request> fresh = new ArrayList<>();
        Map<KeyName, KeyEntry> freshKeys = new HashMap<>();
        batchKeys.clear();
        int maxBytes = Math.min(MAX_BATCH_BYTES, journal.largestRecordBytes());
        int bytes = 0;
        for (int i = outcomes.size(); i < requests.size(); i++) {
            Request request = requests.get(i);
            Optional<Appended> remembered = request.keyed().flatMap(keyed -> remembered(keyed, freshKeys));
            if (remembered.isPresent()) {
                outcomes.add(remembered.get());
                continue;
            }
            if (bytes > 0 && bytes + request.bytes() > maxBytes) {
                break;
            }
            if (request.keyed().isPresent()) {
                Request.Keyed keyed = request.keyed().get();
                KeyEntry entry = new KeyEntry(keyed.name(), keyed.request(), receipt, micros, request.count());
                freshKeys.put(keyed.name(), entry);
                batchKeys.add(entry);
            }
            outcomes.add(new Appended.Logged(receipts(receipt, request.count()), instant));
            fresh.add(request);
            receipt += request.count();
            bytes += request.bytes();
        }
        if (!fresh.isEmpty()) {
            batch.begin(journal.nextReceipt(), micros, LineText.time(micros), bytes);
            batchKeys.forEach(batch::key);
            for (Request request : fresh) {
                for (byte[] tail : request.tails()) {
                    batch.line(tail);
                }
            }
            makeDurable();
        }
    }

    private Optional<Appended> remembered(Request.Keyed keyed, Map<KeyName, KeyEntry> ofThisBatch) {
        return Optional.ofNullable(ofThisBatch.get(keyed.name()))
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
        if (!journal.hasRoom(batch.recordBytes())) {
            makeRoom();
        }
        journal.append(batch, flushed);
        keyFile.removeBefore(journal.named().keyFile());
        missingLines = batch.lines();
        missingKeys = batch.keys();
        completeLog();
    }

    /** Microseconds that rise from batch to batch; where the clock was set back, a new file begins with its time. */
    private long nextTime() throws IOException {
        long now = LineText.micros(clock.instant());
        long last = journal.timeMicros();
        if (now < last - MAX_STEP_BACK_MICROS) {
            flushInTurn();
            newFile("the clock was set back");
            return now;
        }
        return Math.max(now, last + 1);
    }

    /** Puts right what a failure or somebody else left; after it the log holds all that the journal does. */
    private void mend() throws IOException {
        journal.check();
        journal.mend(flushed);
        LogFile.Found found = active.check();
        if (found == LogFile.Found.WELL) {
            missingSinceNanos = Optional.empty();
        }
        if (found != LogFile.Found.CHANGED) {
            completeLog();
            if (logFlushFailed) {
                active.writeAgain(Record.lines(journal.since(flushed)), flushed.logLength());
                logFlushFailed = false;
            }
        }
        if (newFileDue || found == LogFile.Found.CHANGED) {
            newFile("something else has changed or replaced it");
        } else if (found == LogFile.Found.MISSING && graceHasPassed()) {
            newFile("it was renamed or removed");
        }
        completeLog();
        if (keyFlushFailed) {
            keyFile.writeAnew(keys);
            keyFlushFailed = false;
        }
    }

    /** Whoever renames the file may make the next one himself, as logrotate does: he is given a moment for it. */
    private boolean graceHasPassed() {
        long now = nanoTime.getAsLong();
        long since = missingSinceNanos.orElse(now);
        missingSinceNanos = Optional.of(since);
        return now - since > RENAME_GRACE_NANOS;
    }

    private void completeLog() throws IOException {
        active.append(missingLines);
        if (missingKeys.hasRemaining()) {
            keyFile.append(missingKeys);
            while (missingKeys.hasRemaining()) {
                keys.enter(KeyEntry.read(missingKeys));
            }
        }
    }

    /** Where all stands while the log lacks nothing. */
    private Checkpoint reached() {
        return new Checkpoint(
                journal.lsn(),
                journal.position(),
                journal.nextReceipt(),
                journal.timeMicros(),
                active.first(),
                active.length(),
                keyFile.number(),
                keyFile.length());
    }

    /**
     * Begins a new file with all that was appended since the last good flush. The old one is flushed; then
     * comes a header, so that a start knows of the new file; then the old one is set aside, unless it is empty.
     */
    private void newFile(String reason) throws IOException {
        newFileDue = true;
        Optional<Disk.Stat> stat = disk.stat(path);
        boolean isSetAside = stat.isPresent() && stat.get().length() > 0;
        flushLog(active::force); // also where it was renamed: a power cut may undo that
        if (isSetAside) {
            flushLog(() -> LogFile.flush(disk, path));
        }
        List<Record> records = journal.since(flushed);
        long first = records.isEmpty() ? journal.nextReceipt() : records.get(0).firstReceipt();
        Checkpoint start = flushed.inNewLog(first);
        journal.writeHeader(start);
        if (isSetAside) {
            Path aside = LogNames.setAside(disk, path, active.first(), journal.nextReceipt() - 1);
            log.warn("the message log {} was set aside as {}: {}", path, aside.getFileName(), reason);
        } else {
            log.warn("a new message log {} begins: {}", path, reason);
        }
        LogFile next = LogFile.begin(disk, path, first);
        active.close();
        active = next;
        flushed = start;
        missingLines = Record.lines(records);
        missingSinceNanos = Optional.empty();
        logFlushFailed = false;
        newFileDue = false;
        completeLog();
    }

    /** Frees space of the journal: with the header that is due, or after a flush of the log. */
    private void makeRoom() throws IOException {
        if (!flushed.equals(journal.named())) {
            journal.writeHeader(flushed);
        }
        if (!journal.hasRoom(batch.recordBytes())) {
            flushInTurn();
            journal.writeHeader(flushed);
        }
    }

    /** Flushes log and keys while the writer waits. */
    private void flushInTurn() throws IOException {
        while (flushing) {
            flushEnded.awaitUninterruptibly(); // of two flushes of a file only one hears that it failed
        }
        mend();
        if (active.check() != LogFile.Found.WELL) {
            newFile("it was renamed or removed");
        }
        Checkpoint noted = reached();
        flushLog(active::force);
        flushKeys(keyFile.handles());
        if (active.check() != LogFile.Found.WELL) {
            throw new IOException("the message log " + path + " was changed while it was flushed");
        }
        flushed = noted;
    }

    private void flushLog(Flush flush) throws IOException {
        try {
            flush.force();
        } catch (IOException e) {
            logFlushFailed = true;
            throw e;
        }
    }

    private void flushKeys(List<Disk.Handle> handles) throws IOException {
        try {
            for (Disk.Handle each : handles) {
                each.force();
            }
        } catch (IOException e) {
            keyFlushFailed = true;
            throw e;
        }
    }

    /**
     * Flushes log and keys, and checks the log; the journal's next header says so. Batches go on meanwhile.
     *
     * @throws IOException where the log or the keys can't be written or flushed
     */
    void checkpoint() throws IOException {
        Checkpoint noted;
        LogFile file;
        List<Disk.Handle> keyHandles;
        lock.lock();
        try {
            while (flushing) {
                flushEnded.awaitUninterruptibly();
            }
            mend();
            noted = reached();
            if (noted.equals(flushed)) {
                return;
            }
            file = active;
            keyHandles = keyFile.handles();
            flushing = true;
        } finally {
            lock.unlock();
        }
        Optional<IOException> logFailure = failureOf(List.of(file::force));
        Optional<IOException> keyFailure =
                failureOf(keyHandles.stream().<Flush>map(each -> each::force).toList());
        lock.lock();
        try {
            flushing = false;
            flushEnded.signalAll();
            boolean sameLog = file == active && !newFileDue;
            boolean sameKeys = noted.keyFile() == keyFile.number();
            logFlushFailed |= sameLog && logFailure.isPresent();
            keyFlushFailed |= sameKeys && keyFailure.isPresent();
            if (sameLog && sameKeys) { // else a new file began meanwhile
                if (logFailure.or(() -> keyFailure).isPresent()) {
                    throw logFailure.or(() -> keyFailure).get();
                }
                if (active.check() == LogFile.Found.WELL) {
                    flushed = noted;
                }
            }
        } finally {
            lock.unlock();
        }
    }

    /** Gives the journal more of its full size, where it has not got it yet. */
    void grow() throws IOException {
        if (!hasFullSize) {
            long end = journal.writeMore(ringBytes, journal.end()); // which nobody else changes
            lock.lock();
            try {
                journal.growTo(end);
                hasFullSize = journal.hasFullSize(ringBytes);
            } finally {
                lock.unlock();
            }
        }
    }

    private interface Flush {
        void force() throws IOException;
    }

    private static Optional<IOException> failureOf(List<Flush> flushes) {
        for (Flush each : flushes) {
            try {
                each.force();
            } catch (IOException e) {
                return Optional.of(e);
            }
        }
        return Optional.empty();
    }
}
