package dev.countersign.core.file;

import dev.countersign.core.StartupException;
import java.io.IOException;
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
        long lastTimeMicros = 0;
        long number = 0;
        long endOfLines = from;
        long saidNanos = System.nanoTime();
        try (LogLines lines = new LogLines(disk, file, Disk.Mode.READ)) {
            lines.moveTo(from);
            while (lines.nextPart()) {
                number++;
                long receipt = Math.max(0, lines.line().receipt()); // of a damaged line, too
                if (strict && (!lines.isMessage() || receipt <= lastReceipt)) {
                    throw damaged(
                            file, number, lines.isMessage() ? "has a receipt that does not rise" : "is no record");
                }
                firstReceipt = firstReceipt == 0 ? receipt : firstReceipt;
                lastReceipt = Math.max(lastReceipt, receipt);
                lastTimeMicros = lines.line().micros();
                endOfLines = lines.end();
                if (System.nanoTime() - saidNanos > SAY_NANOS) {
                    log.warn("reading {} before the start: {} of {} MB", file, endOfLines >> 20, lines.bytes() >> 20);
                    saidNanos = System.nanoTime();
                }
            }
        }
        return new LogScan(firstReceipt, lastReceipt, lastTimeMicros, endOfLines);
    }

    private static StartupException damaged(Path file, long lineNumber, String what) {
        return new StartupException("line " + lineNumber + " of the message log " + file + " " + what
                + ": something else has changed the file. Mend that line, or move the file away to begin a new one.");
    }
}
