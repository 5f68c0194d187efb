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
 * @param lastTimeMicros of the last line, if the scan was strict; 0 otherwise
 * @param endOfLines the end of the last complete line, in bytes
 */
record LogScan(long firstReceipt, long lastReceipt, long lastTimeMicros, long endOfLines) {

    /** Longer than any line of a server: a body has at most 1 MiB, and an escape makes six bytes of one. */
    static final int MAX_LINE_BYTES = 8 * 1024 * 1024;

    private static final Logger log = LoggerFactory.getLogger(LogScan.class);
    private static final long SAY_NANOS = TimeUnit.SECONDS.toNanos(1);

    /** Gets a line, without its newline. */
    private interface Visitor {
        void line(ByteBuffer line, long number);
    }

    /**
     * Reads the log of a version without a journal. Only its end may be incomplete.
     *
     * @throws StartupException if a complete line is not a message, or its receipt does not rise
     */
    static LogScan strict(Disk disk, Path file) throws IOException {
        long[] found = new long[3];
        LogLine record = new LogLine();
        long end = lines(disk, file, 0, true, (line, number) -> {
            int start = line.arrayOffset();
            if (!record.parse(line.array(), start, start + line.remaining() + 1)) {
                throw damaged(file, number, "is no record");
            }
            if (record.receipt() <= found[1]) {
                throw damaged(file, number, "has a receipt that does not rise");
            }
            found[0] = found[0] == 0 ? record.receipt() : found[0];
            found[1] = record.receipt();
            found[2] = record.micros();
        });
        return new LogScan(found[0], found[1], found[2], end);
    }

    /** Reads from the start of a line, whatever the lines contain. */
    static LogScan tolerant(Disk disk, Path file, long from) throws IOException {
        long[] found = new long[2];
        long end = lines(disk, file, from, false, (line, number) -> {
            long receipt = receipt(line);
            found[0] = found[0] == 0 ? receipt : found[0];
            found[1] = Math.max(found[1], receipt);
        });
        return new LogScan(found[0], found[1], 0, end);
    }

    /** The receipt of the first line; 0 if there is none. */
    static long firstReceipt(Disk disk, Path file) throws IOException {
        ByteBuffer start = ByteBuffer.allocate(32);
        try (Disk.Handle handle = disk.open(file, Disk.Mode.POSITIONED)) {
            handle.read(start, 0);
        }
        return receipt(start.flip());
    }

    private static long lines(Disk disk, Path file, long from, boolean strict, Visitor visitor) throws IOException {
        long number = 0;
        long endOfLines = from;
        long position = from;
        long saidNanos = System.nanoTime();
        try (Disk.Handle handle = disk.open(file, Disk.Mode.POSITIONED)) {
            ByteBuffer buffer = ByteBuffer.allocate((int) Math.min(MAX_LINE_BYTES, handle.length() - from + 1));
            for (int read; (read = handle.read(buffer, position)) > 0; ) {
                position += read;
                if (System.nanoTime() - saidNanos > SAY_NANOS) {
                    log.warn("reading {} before the start: {} of {} MB", file, position >> 20, handle.length() >> 20);
                    saidNanos = System.nanoTime();
                }
                buffer.flip();
                for (int next; (next = LogLine.endOfLine(buffer.array(), buffer.position(), buffer.limit())) > 0; ) {
                    number++;
                    visitor.line(buffer.slice(buffer.position(), next - 1 - buffer.position()), number);
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
        return endOfLines;
    }

    /** Of a line whose rest may be damaged; 0 where it has none. */
    private static long receipt(ByteBuffer line) {
        LogLine record = new LogLine();
        record.parse(line.array(), line.arrayOffset(), line.arrayOffset() + line.limit());
        return Math.max(0, record.receipt());
    }

    private static StartupException damaged(Path file, long lineNumber, String what) {
        return new StartupException("line " + lineNumber + " of the message log " + file + " " + what
                + ": something else has changed the file. Mend that line, or move the file away to begin a new one.");
    }
}
