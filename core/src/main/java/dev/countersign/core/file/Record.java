package dev.countersign.core.file;

import java.nio.ByteBuffer;
import java.util.List;

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

    /** The first receipt in these records, or the next one where there are none. */
    static long firstReceipt(List<Record> records, long next) {
        return records.isEmpty() ? next : records.get(0).firstReceipt;
    }

    /** The bytes of the log that these records hold. */
    static ByteBuffer lines(List<Record> records) {
        ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(
                records.stream().mapToLong(each -> each.lines.remaining()).sum()));
        for (Record each : records) {
            all.put(each.lines.duplicate());
        }
        return all.flip();
    }
}
