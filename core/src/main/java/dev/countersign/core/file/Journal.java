package dev.countersign.core.file;

import static dev.countersign.core.file.Batch.BLOCK_BYTES;
import static dev.countersign.core.file.Batch.HEAD_BYTES;

import dev.countersign.core.StartupException;
import dev.countersign.core.Sync;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What makes a batch of messages durable before the log has it: a ring of blocks that were written before, so that a
 * flush has no growing file to account for and takes half the time (PostgreSQL recycles its segments for the same
 * reason).
 *
 * <p>Two blocks of headers, then the ring. Record N stands behind record N-1, or else at the ring's first block, always
 * at the start of a block. A header names a {@link Checkpoint}: the log holds what came before, and the space of that is
 * written over. Headers alternate between their two blocks, so that a torn one leaves the one before; the records behind
 * its checkpoint are still there, for space is reused only once the header that frees it is flushed.
 *
 * <p>Used by one thread at a time. A batch survives a power cut once {@link #append} has returned (with
 * {@link Sync#OS}: a kill only).
 */
final class Journal implements Closeable {

    private static final Logger log = LoggerFactory.getLogger(Journal.class);

    private static final long FORMAT = 0x436f756e74657231L; // "Counter1"
    static final int RING_START = 2 * BLOCK_BYTES;
    private static final long FAR_AHEAD = 1L << 40;
    private static final int SCAN_BYTES = 1024 * 1024;

    /** A first start writes no more, so that it is quick; room for the lines of a body of 64 KiB, whatever is in it. */
    private static final int FIRST_RING_BYTES = 2 * 1024 * 1024;

    private static final String WHAT_TO_DO =
            " Restore a backup; or move the file away to go on without the messages of the"
                    + " last moments before the stop.";

    private static final int GROWTH_BYTES = 8 * 1024 * 1024;

    private final CRC32C crc = new CRC32C();
    private final ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_BYTES);
    private final Disk disk;
    private final Path file;
    private final Disk.Handle handle;
    private final Object identity;
    private final long seed;
    private long end; // of the ring: bytes from the file's start
    private final Sync sync;
    private long sequence; // of the last header flushed
    private Checkpoint named; // by that header
    private long lsn; // of the last record flushed
    private long position; // behind it
    private long nextReceipt;
    private long timeMicros;
    private boolean failed; // the record after the last one may be on disk, or half of it
    private long failedPosition;

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

    /** What a header block says; {@code flushed}: whether each batch was flushed when this was written. */
    private record Header(long seed, long sequence, boolean flushed, Checkpoint checkpoint) {}

    /** Makes an empty journal whose name is on disk only when all of it is. */
    static Journal create(Disk disk, Path file, long ringBytes, Sync sync, long seed, Checkpoint start)
            throws IOException {
        Path unfinished = file.resolveSibling(file.getFileName() + ".new");
        disk.delete(unfinished);
        disk.create(unfinished);
        try (Disk.Handle handle = disk.open(unfinished, Disk.Mode.POSITIONED)) {
            writeZeros(handle, 0, RING_START + Math.min(ringBytes, FIRST_RING_BYTES));
            handle.write(encode(new Header(seed, 0, sync == Sync.ALWAYS, start)), 0);
            handle.force();
        }
        disk.rename(unfinished, file);
        disk.flushFolder(file.getParent());
        return open(disk, file, sync);
    }

    /**
     * Opens a journal, and writes again what it found valid: after a kill, or a failed flush, the cache may hold what no
     * disk has.
     *
     * @throws StartupException where the disk has lost what it had flushed
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
     * Writes and flushes more blocks behind the ring, and returns where they end; the ring has them with {@link #growTo},
     * which the same thread calls. By a handle of its own: of a failed flush the writer's would not hear again. Safe
     * beside all other calls.
     */
    long writeMore(long ringBytes) throws IOException {
        long to = Math.min(RING_START + ringBytes, end + GROWTH_BYTES);
        try (Disk.Handle more = disk.open(file, Disk.Mode.POSITIONED)) {
            writeZeros(more, end, to - end);
            more.force();
        }
        return to;
    }

    /** Lets the ring end where all before is written and flushed. */
    void growTo(long newEnd) {
        end = newEnd;
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
        List<Record> records = since(named, Long.MAX_VALUE);
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
        for (Record each : records) {
            writeAgain(each);
        }
        handle.force();
        lsn = highest + 1; // a number is left out: no torn record of before is ever taken for one of after
    }

    private void writeAgain(Record record) throws IOException {
        ByteBuffer bytes = ByteBuffer.allocate((int) (record.end() - record.start()));
        readFully(bytes, record.start());
        handle.write(bytes, record.start());
    }

    private void standAt(Record record) {
        lsn = record.lsn();
        position = record.end();
        nextReceipt = record.nextReceipt();
        timeMicros = record.timeMicros();
    }

    /** The greatest number of any valid record in the ring. */
    private long highestLsn() throws IOException {
        long highest = lsn;
        ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(SCAN_BYTES, end - RING_START));
        for (long at = RING_START; at < end; at += chunk.limit()) {
            readFully(chunk.clear().limit((int) Math.min(chunk.capacity(), end - at)), at);
            for (int start = 0; start < chunk.limit(); start += BLOCK_BYTES) {
                long candidate = chunk.getLong(start + 8);
                // most blocks begin with a record's inside: its bytes make numbers that no record has
                if (candidate > highest
                        && candidate < lsn + FAR_AHEAD
                        && read(at + start, candidate).isPresent()) {
                    highest = candidate;
                }
            }
        }
        return highest;
    }

    /** The records after a checkpoint, in order, that are valid and acknowledged. */
    List<Record> since(Checkpoint checkpoint) throws IOException {
        return since(checkpoint, lsn);
    }

    private List<Record> since(Checkpoint checkpoint, long last) throws IOException {
        List<Record> records = new ArrayList<>();
        long at = checkpoint.position();
        for (long next = checkpoint.lsn() + 1; next <= last; next++) {
            Optional<Record> record = read(at, next);
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

    /** The record of this number at this place, if it stands there whole. */
    private Optional<Record> read(long at, long number) throws IOException {
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
        if (record.getInt(0) != Batch.checksum(crc, seed, record.duplicate().position(4))) {
            return Optional.empty();
        }
        int keyBytes = record.getInt(32);
        return Optional.of(new Record(
                number,
                at,
                at + Batch.blocks(length),
                record.getLong(16) - record.getInt(36),
                record.getLong(16),
                record.getLong(24),
                record.slice(HEAD_BYTES, keyBytes),
                record.slice(HEAD_BYTES + keyBytes, length - HEAD_BYTES - keyBytes)));
    }

    /** Fills the target, which stands at 0 before and after. */
    private void readFully(ByteBuffer target, long from) throws IOException {
        handle.fill(target, from);
        if (target.hasRemaining()) {
            throw new IOException("the journal " + file + " is shorter than it was");
        }
        target.position(0);
    }

    private static Optional<Header> newestHeader(Disk.Handle handle) throws IOException {
        Optional<Header> newest = Optional.empty();
        for (int slot = 0; slot < 2; slot++) {
            ByteBuffer bytes = ByteBuffer.allocate(BLOCK_BYTES);
            handle.read(bytes, slot * (long) BLOCK_BYTES);
            Optional<Header> header = decode(bytes);
            if (newest.isEmpty() || header.isPresent() && header.get().sequence > newest.get().sequence) {
                newest = header;
            }
        }
        return newest;
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
        return Batch.checksum(new CRC32C(), FORMAT, bytes.duplicate().clear().position(4));
    }

    private static long slot(long sequence) {
        return sequence % 2 * BLOCK_BYTES;
    }

    /** Whether a record of so many bytes fits without writing over one that the log may lack. */
    boolean hasRoom(int bytes) {
        return place(bytes) > 0;
    }

    /**
     * Where the next record goes; 0 where it fits nowhere. It never goes from the first block past the checkpoint, or
     * nothing would tell that what is needed begins at the first block.
     */
    private long place(int bytes) {
        if (named.lsn() == lsn
                || position > named.position()) { // what is needed stands between the checkpoint and here
            if (position + bytes <= end) {
                return position;
            }
            return RING_START + bytes <= named.position() ? RING_START : 0;
        }
        return position + bytes <= named.position() ? position : 0; // it goes round the end
    }

    /**
     * Makes a batch durable.
     *
     * @param reached the newest checkpoint: a header that names it goes along, where it is another than the last
     * @throws IOException where the batch may be on disk, or not: {@link #mend} comes before the next
     */
    void append(Batch batch, Checkpoint reached) throws IOException {
        int bytes = batch.recordBytes();
        long at = place(bytes);
        if (at == 0) {
            throw new IOException("no room in the journal " + file);
        }
        failed = true;
        failedPosition = at;
        write(batch.sealed(lsn + 1), at, reached);
        position = at + bytes;
        nextReceipt = batch.nextReceipt();
        timeMicros = batch.timeMicros();
    }

    private void write(ByteBuffer record, long at, Checkpoint reached) throws IOException {
        handle.write(record, at);
        if (!reached.equals(named)) {
            writeHeader(reached);
        } else if (sync == Sync.ALWAYS) {
            handle.force();
        }
        lsn++;
        failed = false;
    }

    /**
     * Puts an empty record where a batch failed: whether that one reached the disk was unknown, and it was not
     * acknowledged.
     */
    void mend(Checkpoint reached) throws IOException {
        if (failed) {
            Batch empty = new Batch(seed);
            empty.begin(nextReceipt, timeMicros, "", 0);
            write(empty.sealed(lsn + 1), failedPosition, reached);
            position = failedPosition + BLOCK_BYTES;
        }
    }

    /** Makes a header durable that names this checkpoint; after a failure the same block is written again. */
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

    /** What a record may take so that it fits whenever the log has all that came before: there is room for two. */
    int largestRecordBytes() {
        return (int) Math.min(Integer.MAX_VALUE, (end - RING_START) / 4);
    }

    long seed() {
        return seed;
    }

    /** Where all stands while log and keys lack nothing. */
    Checkpoint reached(LogFile log, KeyFile keys) {
        return new Checkpoint(
                lsn, position, nextReceipt, timeMicros, log.first(), log.length(), keys.number(), keys.length());
    }

    /** That the next line gets. */
    long nextReceipt() {
        return nextReceipt;
    }

    /** Lets the next line have this receipt at least; a checkpoint after it makes that durable. */
    void skipReceipts(long next) {
        nextReceipt = Math.max(nextReceipt, next);
    }

    /** Of the last batch. */
    long timeMicros() {
        return timeMicros;
    }

    /** That the last flushed header names. */
    Checkpoint named() {
        return named;
    }

    @Override
    public void close() throws IOException {
        handle.close();
    }
}
