package dev.countersign.core.file;

import static dev.countersign.core.file.JournalBatch.BLOCK_BYTES;
import static dev.countersign.core.file.JournalBatch.HEAD_BYTES;

import dev.countersign.core.StartupException;
import dev.countersign.core.Sync;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The write-ahead journal of the message log: it makes a batch durable before the log has it. The journal is a ring of
 * blocks that were written in advance. So the file does not grow, a flush writes no metadata, and takes half the time
 * (PostgreSQL recycles its segments for the same reason).
 *
 * <p>Layout: two header blocks, then the ring. Record N follows record N-1 or is at the first block of the ring; it
 * always starts on a block. A header names a {@link Checkpoint}: the log has all records before it, and their space may
 * be reused. Headers are written alternately to the two header blocks, so that a torn header leaves the previous one
 * intact. The records after the previous header's checkpoint still exist then, because space is reused only after the
 * header that frees it is flushed.
 *
 * <p>Used by one thread at a time, except {@link #grow} and the getters of volatile fields. A batch survives a power cut
 * when {@link #append} has returned (with {@link Sync#OS}, only a kill).
 */
final class Journal implements Closeable {

    private static final Logger log = LoggerFactory.getLogger(Journal.class);

    private static final long FORMAT = 0x436f756e74657231L; // "Counter1"
    static final int RING_START = 2 * BLOCK_BYTES;
    private static final long FAR_AHEAD = 1L << 40;
    private static final int SCAN_BYTES = 1024 * 1024;

    /** Kept small, so that a first start is quick. It has room for the lines of any body of 64 KiB. */
    private static final int FIRST_RING_BYTES = 2 * 1024 * 1024;

    private static final String WHAT_TO_DO =
            " Restore a backup; or move the file away to go on without the messages of the"
                    + " last moments before the stop.";

    private static final int GROWTH_BYTES = 8 * 1024 * 1024;

    private final ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_BYTES);
    private final Disk disk;
    private final Path file;
    private final Disk.Handle handle;
    private final Object identity;
    private final long seed;
    private volatile long end; // of the ring: offset in the file; only grows
    private final Sync sync;
    private long sequence; // of the last flushed header
    private volatile Checkpoint named; // by that header
    private long lsn; // of the last flushed record
    private long position; // after that record
    private volatile long nextReceipt;
    private volatile long timeMicros;
    private long failedAt; // there the record after the last one may be on disk, or a part of it; 0 if there is none

    private Journal(Disk disk, Path file, Disk.Handle handle, Sync sync, Header header) throws IOException {
        this.disk = disk;
        this.file = file;
        this.handle = handle;
        this.sync = sync;
        identity = disk.stat(file)
                .orElseThrow(() -> new IOException(file + " has gone"))
                .identity();
        end = handle.length() / BLOCK_BYTES * BLOCK_BYTES;
        seed = header.seed;
        sequence = header.sequence;
        named = header.checkpoint;
        lsn = named.lsn();
        position = named.position();
        nextReceipt = named.nextReceipt();
        timeMicros = named.timeMicros();
    }

    /** The content of a header block; {@code flushed}: whether every batch was flushed when the header was written. */
    private record Header(long seed, long sequence, boolean flushed, Checkpoint checkpoint) {}

    /** Creates an empty journal. It gets its name only when all of it is on disk. */
    static Journal create(Disk disk, Path file, long ringBytes, Sync sync, long seed, Checkpoint start)
            throws IOException {
        Path unfinished = file.resolveSibling(file.getFileName() + ".new");
        disk.write(unfinished, handle -> {
            writeZeros(handle, 0, RING_START + Math.min(ringBytes, FIRST_RING_BYTES));
            handle.write(encode(new Header(seed, 0, sync == Sync.ALWAYS, start)), 0);
        });
        disk.rename(unfinished, file);
        disk.flushFolder(file.getParent());
        return open(disk, file, sync);
    }

    /**
     * Opens a journal, and writes its valid records again: after a kill or a failed flush, they may be in the system's
     * cache but not on disk.
     *
     * @throws StartupException if the disk has lost flushed data
     */
    static Journal open(Disk disk, Path file, Sync sync) throws IOException {
        Disk.Handle handle = disk.open(file, Disk.Mode.POSITIONED);
        try {
            Header header = newestHeader(handle)
                    .orElseThrow(() -> new StartupException("the journal " + file
                            + " has no valid header: the disk has lost what it had flushed, or something else has"
                            + " written to it." + WHAT_TO_DO));
            Journal journal = new Journal(disk, file, handle, sync, header);
            journal.recover(header);
            return journal;
        } catch (IOException | RuntimeException e) {
            handle.close();
            throw e;
        }
    }

    /**
     * Adds blocks to the ring, which are written and flushed first. Uses a handle of its own, so that a failed flush
     * here does not hide from the writer's handle. For one thread, while another uses all other methods.
     */
    void grow(long ringBytes) throws IOException {
        long to = Math.min(RING_START + ringBytes, end + GROWTH_BYTES);
        try (Disk.Handle more = disk.open(file, Disk.Mode.POSITIONED)) {
            writeZeros(more, end, to - end);
            more.force();
        }
        end = to;
    }

    boolean hasSize(long ringBytes) {
        return end >= RING_START + ringBytes;
    }

    private static void writeZeros(Disk.Handle handle, long from, long bytes) throws IOException {
        ByteBuffer zeros = ByteBuffer.allocate((int) Math.min(bytes, SCAN_BYTES));
        for (long done = 0; done < bytes; done += zeros.limit()) {
            zeros.clear().limit((int) Math.min(zeros.capacity(), bytes - done));
            handle.write(zeros, from + done);
        }
    }

    private void recover(Header header) throws IOException {
        List<JournalRecord> records = since(named, Long.MAX_VALUE);
        records.forEach(this::standAt);
        long highest = highestLsn();
        if (highest > lsn && header.flushed) {
            throw new StartupException("the journal " + file + " has record " + highest + " but not record " + (lsn + 1)
                    + ": the disk has lost what it had flushed." + WHAT_TO_DO);
        }
        if (highest > lsn) {
            log.warn(
                    "the journal {} lacks record {}: a power cut lost it, as batches were not flushed; what followed, up"
                            + " to record {}, is dropped",
                    file,
                    lsn + 1,
                    highest);
        }
        handle.write(encode(header), slot(header.sequence));
        for (JournalRecord each : records) {
            writeAgain(each);
        }
        handle.force();
        lsn = highest + 1; // skips a number, so that an old torn record is never taken for a new one
    }

    private void writeAgain(JournalRecord record) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) (record.end() - record.start()));
        readFully(bytes, record.start());
        handle.write(bytes, record.start());
    }

    private void standAt(JournalRecord record) {
        lsn = record.lsn();
        position = record.end();
        nextReceipt = record.nextReceipt();
        timeMicros = record.timeMicros();
    }

    /** The highest number of a valid record in the ring. */
    private long highestLsn() throws IOException {
        long highest = lsn;
        ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(SCAN_BYTES, end - RING_START));
        for (long at = RING_START; at < end; at += chunk.limit()) {
            readFully(chunk.clear().limit((int) Math.min(chunk.capacity(), end - at)), at);
            for (int start = 0; start < chunk.limit(); start += BLOCK_BYTES) {
                long candidate = chunk.getLong(start + 8);
                // most blocks begin in the middle of a record, where these bytes are not a number
                if (candidate > highest
                        && candidate < lsn + FAR_AHEAD
                        && read(at + start, candidate).isPresent()) {
                    highest = candidate;
                }
            }
        }
        return highest;
    }

    /** The valid and acknowledged records after a checkpoint, in order. */
    List<JournalRecord> since(Checkpoint checkpoint) throws IOException {
        return since(checkpoint, lsn);
    }

    /**
     * The same for a checkpoint since the start.
     *
     * @throws IOException if one of the records can't be read
     */
    List<JournalRecord> allSince(Checkpoint checkpoint) throws IOException {
        List<JournalRecord> records = since(checkpoint);
        if (records.size() < lsn - checkpoint.lsn()) {
            throw new IOException("the journal " + file + " is damaged: record "
                    + (checkpoint.lsn() + records.size() + 1) + " can't be read");
        }
        return records;
    }

    private List<JournalRecord> since(Checkpoint checkpoint, long last) throws IOException {
        List<JournalRecord> records = new ArrayList<>();
        long at = checkpoint.position();
        for (long next = checkpoint.lsn() + 1; next <= last; next++) {
            Optional<JournalRecord> record = read(at, next);
            if (record.isEmpty()) {
                record = read(RING_START, next);
            }
            if (record.isEmpty()) {
                break;
            }
            records.add(record.get());
            at = record.get().end();
        }
        return records;
    }

    /** The record with this number at this offset; empty if it is not there or not complete. */
    private Optional<JournalRecord> read(long at, long number) throws IOException {
        if (at + BLOCK_BYTES > end) {
            return Optional.empty();
        }
        readFully(block.clear(), at);
        int length = block.getInt(4);
        if (block.getLong(8) != number || length < HEAD_BYTES || length > end - at) {
            return Optional.empty();
        }
        ByteBuffer record = ByteBuffer.allocate(length);
        readFully(record, at);
        if (record.getInt(0) != JournalBatch.checksum(seed, record.duplicate().position(4))) {
            return Optional.empty();
        }
        int keyBytes = record.getInt(32);
        return Optional.of(new JournalRecord(
                number,
                at,
                at + JournalBatch.blocks(length),
                record.getLong(16) - record.getInt(36),
                record.getLong(16),
                record.getLong(24),
                record.slice(HEAD_BYTES, keyBytes),
                record.slice(HEAD_BYTES + keyBytes, length - HEAD_BYTES - keyBytes)));
    }

    /** Fills the target; its position is 0 before and after. */
    private void readFully(ByteBuffer target, long from) throws IOException {
        handle.fill(target, from);
        if (target.hasRemaining()) {
            throw new IOException("the journal " + file + " is shorter than it was");
        }
        target.position(0);
    }

    private static Optional<Header> newestHeader(Disk.Handle handle) throws IOException {
        ByteBuffer headers = ByteBuffer.allocate(RING_START);
        handle.fill(headers, 0);
        return Stream.of(0, BLOCK_BYTES)
                .flatMap(at -> decode(headers.slice(at, BLOCK_BYTES)).stream())
                .max(Comparator.comparingLong(Header::sequence));
    }

    private static Optional<Header> decode(ByteBuffer bytes) {
        if (bytes.getInt(0) != headerChecksum(bytes) || bytes.getLong(8) != FORMAT) {
            return Optional.empty();
        }
        bytes.clear().position(16);
        return Optional.of(new Header(bytes.getLong(), bytes.getLong(), bytes.getLong() == 1, Checkpoint.read(bytes)));
    }

    private static ByteBuffer encode(Header header) {
        ByteBuffer bytes = ByteBuffer.allocate(BLOCK_BYTES);
        bytes.putLong(8, FORMAT).position(16);
        bytes.putLong(header.seed).putLong(header.sequence).putLong(header.flushed ? 1 : 0);
        header.checkpoint.write(bytes);
        return bytes.putInt(0, headerChecksum(bytes)).clear();
    }

    private static int headerChecksum(ByteBuffer bytes) {
        return JournalBatch.checksum(FORMAT, bytes.duplicate().clear().position(4));
    }

    private static long slot(long sequence) {
        return sequence % 2 * BLOCK_BYTES;
    }

    /** Whether a record of this size fits without overwriting one that the log may lack. */
    boolean hasRoom(int bytes) {
        return place(bytes) > 0;
    }

    /**
     * The offset of the next record; 0 if it does not fit. A record never extends from the first block past the
     * checkpoint: otherwise recovery could not tell that the needed records begin at the first block.
     */
    private long place(int bytes) {
        if (named.lsn() == lsn
                || position > named.position()) { // the needed records are between the checkpoint and here
            if (position + bytes <= end) {
                return position;
            }
            return RING_START + bytes <= named.position() ? RING_START : 0;
        }
        return position + bytes <= named.position() ? position : 0; // the needed records wrap around the end
    }

    /**
     * Makes a batch durable.
     *
     * @param reached the newest checkpoint; if it is new, a header that names it is written as well
     * @throws IOException if it is unknown whether the batch is on disk; call {@link #mend} before the next batch
     */
    void append(JournalBatch batch, Checkpoint reached) throws IOException {
        long at = place(batch.recordBytes());
        if (at == 0) {
            throw new IOException("no room in the journal " + file);
        }
        write(batch, at, reached);
    }

    private void write(JournalBatch batch, long at, Checkpoint reached) throws IOException {
        failedAt = at; // until it has succeeded
        handle.write(batch.sealed(lsn + 1), at);
        if (!reached.equals(named)) {
            writeHeader(reached);
        } else if (sync == Sync.ALWAYS) {
            handle.force();
        }
        failedAt = 0;
        lsn++;
        position = at + batch.recordBytes();
        nextReceipt = batch.nextReceipt();
        timeMicros = batch.timeMicros();
    }

    /**
     * Overwrites a failed batch with an empty record. It is unknown whether the batch is on disk, and it was not
     * acknowledged.
     */
    void mend(Checkpoint reached) throws IOException {
        if (failedAt > 0) {
            JournalBatch empty = new JournalBatch(seed);
            empty.begin(nextReceipt, timeMicros);
            empty.build();
            write(empty, failedAt, reached);
        }
    }

    /** Writes and flushes a header that names this checkpoint; after a failure the next call writes the same block. */
    void writeHeader(Checkpoint reached) throws IOException {
        handle.write(encode(new Header(seed, sequence + 1, sync == Sync.ALWAYS, reached)), slot(sequence + 1));
        handle.force();
        sequence++;
        named = reached;
    }

    /** Writes zeros over all records, where log and keys have what they hold, as this checkpoint says. */
    void clear(Checkpoint reached) throws IOException {
        writeHeader(reached); // in the other block too: neither leads to a record now
        writeZeros(handle, RING_START, end - RING_START);
        handle.force();
    }

    /** @throws IOException where its name leads to another file, or to none: what is written here would be lost */
    void check() throws IOException {
        if (!disk.stat(file).map(Disk.Stat::identity).equals(Optional.of(identity))) {
            throw new IOException("the journal " + file + " was replaced or removed; stop the server, and put it back");
        }
    }

    /** The largest record that always fits when the log has all earlier ones. */
    int largestRecordBytes() {
        return (int) Math.min(Integer.MAX_VALUE, (end - RING_START) / 4);
    }

    long seed() {
        return seed;
    }

    /** The current checkpoint, given that log and key file have everything. */
    Checkpoint reached(LogFile log, KeyFile keys) {
        return new Checkpoint(
                lsn,
                position,
                nextReceipt,
                timeMicros,
                log.first(),
                log.length(),
                keys.number(),
                keys.length(),
                log.sum());
    }

    /** The receipt of the next line. */
    long nextReceipt() {
        return nextReceipt;
    }

    /** Raises the receipt of the next line to at least this one; the next checkpoint makes that durable. */
    void skipReceipts(long next) {
        nextReceipt = Math.max(nextReceipt, next);
    }

    /** The time of the last batch. */
    long timeMicros() {
        return timeMicros;
    }

    /** The checkpoint in the last flushed header. */
    Checkpoint named() {
        return named;
    }

    @Override
    public void close() throws IOException {
        handle.close();
    }
}
