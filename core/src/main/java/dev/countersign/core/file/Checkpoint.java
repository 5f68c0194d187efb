package dev.countersign.core.file;

import java.nio.ByteBuffer;

/**
 * A point between two records of the journal: log and key file have everything from the records before it.
 *
 * @param lsn of the last record before it
 * @param position the end of that record in the journal, in bytes
 * @param nextReceipt the receipt of the next line
 * @param timeMicros of the last batch before it, since 1970
 * @param logFirst the first receipt of the active log file; it identifies the file
 * @param logLength of the active log file, in bytes
 * @param keyFile the number of the key file
 * @param keyLength of the key file, in bytes
 * @param logSum the checksum of the log file, by {@link LogFile#sum}; 0 if it is unknown or the file is empty
 */
record Checkpoint(
        long lsn,
        long position,
        long nextReceipt,
        long timeMicros,
        long logFirst,
        long logLength,
        long keyFile,
        long keyLength,
        long logSum) {

    static Checkpoint read(ByteBuffer from) {
        return new Checkpoint(
                from.getLong(),
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
        for (long each :
                new long[] {lsn, position, nextReceipt, timeMicros, logFirst, logLength, keyFile, keyLength, logSum}) {
            to.putLong(each);
        }
    }

    /** The same point, with a new log file for everything that follows. */
    Checkpoint inNewLog(long first) {
        return new Checkpoint(lsn, position, nextReceipt, timeMicros, first, 0, keyFile, keyLength, 0);
    }
}
