package dev.countersign.core.file;

import java.nio.ByteBuffer;

/**
 * A point between two records of the journal: up to it, log and key file hold all that the journal held.
 *
 * @param lsn of the last record before it
 * @param position behind that record in the journal, bytes
 * @param nextReceipt that the next line gets
 * @param timeMicros of the last batch before it, since 1970
 * @param logFirst receipt that the active log file begins with: its identity
 * @param logLength of the active log file, bytes
 * @param keyFile number of the key file
 * @param keyLength of that file, bytes
 */
record Checkpoint(
        long lsn,
        long position,
        long nextReceipt,
        long timeMicros,
        long logFirst,
        long logLength,
        long keyFile,
        long keyLength) {

    static final int BYTES = 8 * Long.BYTES;

    static Checkpoint read(ByteBuffer from) {
        return new Checkpoint(
                from.getLong(),
                from.getLong(),
                from.getLong(),
                from.getLong(),
                from.getLong(),
                from.getLong(),
                from.getLong(),
                from.getLong());
    }

    void write(ByteBuffer to) {
        to.putLong(lsn).putLong(position).putLong(nextReceipt).putLong(timeMicros);
        to.putLong(logFirst).putLong(logLength).putLong(keyFile).putLong(keyLength);
    }

    /** The same point where all that follows goes to a new log file. */
    Checkpoint inNewLog(long first) {
        return new Checkpoint(lsn, position, nextReceipt, timeMicros, first, 0, keyFile, keyLength);
    }
}
