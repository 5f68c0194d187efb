package dev.countersign.core.file;

import java.nio.ByteBuffer;

/**
 * A record of the journal as it was read back.
 *
 * @param start of it in the journal, bytes
 * @param end behind it, bytes
 * @param firstReceipt of its lines, or the next one where it has none
 * @param keys entries of {@link KeyEntry}
 * @param lines as the log holds them
 */
record Record(
        long lsn,
        long start,
        long end,
        long firstReceipt,
        long nextReceipt,
        long timeMicros,
        ByteBuffer keys,
        ByteBuffer lines) {

    /** The bytes of the log that these records hold. */
    static ByteBuffer lines(Iterable<Record> records) {
        long length = 0;
        for (Record each : records) {
            length += each.lines.remaining();
        }
        ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(length));
        for (Record each : records) {
            all.put(each.lines.duplicate());
        }
        return all.flip();
    }
}
