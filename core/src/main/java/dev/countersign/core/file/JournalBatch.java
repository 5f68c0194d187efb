package dev.countersign.core.file;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.countersign.core.LineText;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * Collects requests, and builds a record of the journal in a direct buffer: a head, the entries of keyed requests, and
 * the bytes that go to the log. Used by one thread.
 *
 * <p>Head: CRC-32C of a seed and all following bytes (4 bytes), length of the record (4), LSN (8), receipt after its
 * last line (8), time in microseconds (8), bytes of key entries (4), number of lines (4).
 */
final class JournalBatch {

    /** A record occupies whole blocks, so that no flush rewrites bytes of an acknowledged record. */
    static final int BLOCK_BYTES = 4096;

    static final int HEAD_BYTES = 40;

    private static final byte[] BEFORE_RECEIPT = "{\"receipt\":\"".getBytes(US_ASCII);
    private static final byte[] BEFORE_TIME = "\",\"time\":\"".getBytes(US_ASCII);

    /** The most bytes of a line before its tail: with 19 digits of a receipt and 27 characters of time. */
    static final int LINE_HEAD_BYTES = BEFORE_RECEIPT.length + 19 + BEFORE_TIME.length + 27;

    private final long seed;
    private final List<Append> requests = new ArrayList<>();
    private final Map<KeyName, KeyEntry> entries = new LinkedHashMap<>();
    private ByteBuffer buffer = ByteBuffer.allocateDirect(16 * BLOCK_BYTES);
    private int bytes; // the most that the requests take
    private int linesStart; // in the buffer
    private long firstReceipt;
    private long nextReceipt;
    private long timeMicros;

    /** @param seed of the journal; a client that does not know it can't make a text that looks like a record */
    JournalBatch(long seed) {
        this.seed = seed;
    }

    /** Removes all requests. */
    void clear() {
        requests.clear();
        entries.clear();
        bytes = 0;
    }

    /** The most bytes that the requests take; 0 if there are none. */
    int bytes() {
        return bytes;
    }

    /** Begins a batch, which is empty. */
    void begin(long receipt, long micros) {
        firstReceipt = receipt;
        nextReceipt = receipt;
        timeMicros = micros;
    }

    /** Adds a request; returns its first receipt. */
    long add(Append request) {
        long first = nextReceipt;
        request.keyed()
                .ifPresent(keyed -> entries.put(
                        keyed.name(), new KeyEntry(keyed.name(), keyed.request(), first, timeMicros, request.count())));
        requests.add(request);
        bytes += request.bytes();
        nextReceipt += request.count();
        return first;
    }

    /** The request with this name, if it was added. */
    Optional<KeyEntry> find(KeyName name) {
        return Optional.ofNullable(entries.get(name));
    }

    /** Writes the record into the buffer, and forgets the requests. */
    void build() {
        int needed = blocks(HEAD_BYTES + bytes);
        if (buffer.capacity() < needed) {
            buffer = ByteBuffer.allocateDirect(Math.max(needed, 2 * buffer.capacity()));
        }
        buffer.clear().position(HEAD_BYTES);
        entries.values().forEach(entry -> entry.write(buffer, seed));
        linesStart = buffer.position();
        byte[] time = LineText.time(timeMicros).getBytes(US_ASCII);
        long receipt = firstReceipt;
        for (Append request : requests) {
            for (byte[] tail : request.tails()) {
                buffer.put(BEFORE_RECEIPT).put(Long.toString(receipt++).getBytes(US_ASCII));
                buffer.put(BEFORE_TIME).put(time).put(tail);
            }
        }
        clear();
    }

    /** The complete record with this number, padded to whole blocks. */
    ByteBuffer sealed(long lsn) {
        int length = buffer.position();
        buffer.putInt(4, length).putLong(8, lsn).putLong(16, nextReceipt).putLong(24, timeMicros);
        buffer.putInt(32, linesStart - HEAD_BYTES).putInt(36, count());
        buffer.putInt(0, checksum(seed, buffer.duplicate().limit(length).position(4)));
        ByteBuffer record = buffer.duplicate().position(length);
        while (record.position() < blocks(length)) {
            record.put((byte) 0);
        }
        return record.flip();
    }

    int recordBytes() {
        return blocks(buffer.position());
    }

    long nextReceipt() {
        return nextReceipt;
    }

    /** The number of lines. */
    int count() {
        return (int) (nextReceipt - firstReceipt);
    }

    long timeMicros() {
        return timeMicros;
    }

    ByteBuffer keys() {
        return buffer.slice(HEAD_BYTES, linesStart - HEAD_BYTES);
    }

    ByteBuffer lines() {
        return buffer.slice(linesStart, buffer.position() - linesStart);
    }

    /** CRC-32C of a seed and these bytes. */
    static int checksum(long seed, ByteBuffer bytes) {
        CRC32C crc = new CRC32C();
        crc.update(ByteBuffer.allocate(Long.BYTES).putLong(0, seed));
        crc.update(bytes);
        return (int) crc.getValue();
    }

    static int blocks(int bytes) {
        return Math.addExact(bytes, BLOCK_BYTES - 1) / BLOCK_BYTES * BLOCK_BYTES;
    }
}
