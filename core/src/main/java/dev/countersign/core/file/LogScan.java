package dev.countersign.core.file;

import dev.countersign.core.LogLine;
import dev.countersign.core.StartupException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a start finds in a log file.
 *
 * @param firstReceipt of the first line that has one; 0 if none has
 * @param lastReceipt the highest receipt
 * @param lastTimeMicros of the last line that has a time; 0 if none has
 * @param endOfLines the end of the last complete line, in bytes
 */
record LogScan(long firstReceipt, long lastReceipt, long lastTimeMicros, long endOfLines) {

    /** Longer than any line of a server: a body has at most 1 MiB, and an escape makes six bytes of one. */
    static final int MAX_LINE_BYTES = 8 * 1024 * 1024;

    private static final Logger log = LoggerFactory.getLogger(LogScan.class);
    private static final long SAY_NANOS = TimeUnit.SECONDS.toNanos(1);

    /**
     * Reads the log of a version without a journal. Only its end may be incomplete.
     *
     * @throws StartupException if a complete line is not a message, or its receipt does not rise
     */
    static LogScan strict(Disk disk, Path file) throws IOException {
        return scan(disk, file, 0, true);
    }

    /** Reads from the start of a line, whatever the lines contain. */
    static LogScan tolerant(Disk disk, Path file, long from) throws IOException {
        return scan(disk, file, from, false);
    }

    private static LogScan scan(Disk disk, Path file, long from, boolean strict) throws IOException {
        long firstReceipt = 0;
        long lastReceipt = 0;
        long number = 0;
        long endOfLines = from;
        long position = from;
        long saidNanos = System.nanoTime();
        LogLine line = new LogLine();
        try (Disk.Handle handle = disk.open(file, Disk.Mode.POSITIONED)) {
            ByteBuffer buffer =
                    ByteBuffer.allocate((int) Math.min(MAX_LINE_BYTES, 1 + Math.max(0, handle.length() - from)));
            for (int read; (read = handle.read(buffer, position)) > 0; ) {
                position += read;
                if (System.nanoTime() - saidNanos > SAY_NANOS) {
                    log.warn("reading {} before the start: {} of {} MB", file, position >> 20, handle.length() >> 20);
                    saidNanos = System.nanoTime();
                }
                buffer.flip();
                for (int next; (next = LogLine.endOfLine(buffer.array(), buffer.position(), buffer.limit())) > 0; ) {
                    number++;
                    boolean isMessage = line.parse(buffer.array(), buffer.position(), next);
                    long receipt = Math.max(0, line.receipt()); // of a damaged line, too
                    if (strict && (!isMessage || receipt <= lastReceipt)) {
                        throw damaged(file, number, isMessage ? "has a receipt that does not rise" : "is no record");
                    }
                    firstReceipt = firstReceipt == 0 ? receipt : firstReceipt;
                    lastReceipt = Math.max(lastReceipt, receipt);
                    endOfLines += next - buffer.position();
                    buffer.position(next);
                }
                buffer.compact();
                if (!buffer.hasRemaining()) {
                    if (strict) {
                        throw damaged(file, number + 1, "is too long for a record");
                    }
                    endOfLines += buffer.clear().remaining(); // its rest counts as a line
                }
            }
        }
        return new LogScan(firstReceipt, lastReceipt, line.micros(), endOfLines);
    }

    private static StartupException damaged(Path file, long lineNumber, String what) {
        return new StartupException("line " + lineNumber + " of the message log " + file + " " + what
                + ": something else has changed the file. Mend that line, or move the file away to begin a new one.");
    }
}
