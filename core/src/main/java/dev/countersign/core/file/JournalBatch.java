package dev.countersign.core.file;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.countersign.core.LineText;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/**
 * Builds a record of the journal in a direct buffer: a head, the entries of keyed requests, and the bytes that go to
 * the log. Used by one thread.
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
    private ByteBuffer buffer = ByteBuffer.allocateDirect(16 * BLOCK_BYTES);
    private byte[] time = {};
    private long timeMicros;
    private long firstReceipt;
    private int keyBytes;
    private int lines;

    /** @param seed of the journal; a client that does not know it can't make a text that looks like a record */
    JournalBatch(long seed) {
        this.seed = seed;
    }

    /**
     * Begins a record; add entries of keys first, then lines.
     *
     * @param roomBytes the most that entries and lines will take
     */
    void begin(long firstReceipt, long timeMicros, int roomBytes) {
        int needed = blocks(HEAD_BYTES + roomBytes);
        if (buffer.capacity() < needed) {
            buffer = ByteBuffer.allocateDirect(Math.max(needed, 2 * buffer.capacity()));
        }
        buffer.clear().position(HEAD_BYTES);
        this.firstReceipt = firstReceipt;
        this.timeMicros = timeMicros;
        time = LineText.time(timeMicros).getBytes(US_ASCII);
        keyBytes = 0;
        lines = 0;
    }

    void key(KeyEntry entry) {
        entry.write(buffer, seed);
        keyBytes += KeyEntry.BYTES;
    }

    /** Adds a line; its receipt is the next one. */
    void line(byte[] tail) {
        buffer.put(BEFORE_RECEIPT).put(Long.toString(firstReceipt + lines).getBytes(US_ASCII));
        buffer.put(BEFORE_TIME).put(time).put(tail);
        lines++;
    }

    /** The complete record with this number, padded to whole blocks. */
    ByteBuffer sealed(long lsn) {
        int length = buffer.position();
        buffer.putInt(4, length).putLong(8, lsn).putLong(16, nextReceipt()).putLong(24, timeMicros);
        buffer.putInt(32, keyBytes).putInt(36, lines);
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
        return firstReceipt + lines;
    }

    int count() {
        return lines;
    }

    long timeMicros() {
        return timeMicros;
    }

    ByteBuffer keys() {
        return buffer.slice(HEAD_BYTES, keyBytes);
    }

    ByteBuffer lines() {
        int start = HEAD_BYTES + keyBytes;
        return buffer.slice(start, buffer.position() - start);
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
