package dev.countersign.core.file;

import java.nio.ByteBuffer;
import java.util.List;

/**
 * A record that was read from the journal.
 *
 * @param start offset in the journal
 * @param end offset after the record
 * @param firstReceipt of its lines; the next receipt if it has no lines
 * @param keys entries of {@link KeyEntry}
 * @param lines the same bytes as in the log
 */
record JournalRecord(
        long lsn,
        long start,
        long end,
        long firstReceipt,
        long nextReceipt,
        long timeMicros,
        ByteBuffer keys,
        ByteBuffer lines) {

    /** The first receipt in these records; the next receipt if there are none. */
    static long firstReceipt(List<JournalRecord> records, long next) {
        return records.isEmpty() ? next : records.get(0).firstReceipt;
    }

    /** The lines of these records, as bytes of the log. */
    static ByteBuffer lines(List<JournalRecord> records) {
        ByteBuffer all = ByteBuffer.allocate(Math.toIntExact(
                records.stream().mapToLong(each -> each.lines.remaining()).sum()));
        for (JournalRecord each : records) {
            all.put(each.lines.duplicate());
        }
        return all.flip();
    }
}
