package dev.countersign.core.file;

import dev.countersign.core.LogLine;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/** Reads the lines of one log file, compressed by gzip or not, one after the other. For use by one thread. */
final class LogLines implements Closeable {

    static final Disk DISK = new LocalDisk();

    /** Longer than any line of a server: a body has at most 1 MiB, and an escape makes six bytes of one. */
    private static final int MAX_LINE_BYTES = 8 * 1024 * 1024;

    private static final int BUFFER_BYTES = 256 * 1024;

    /** The size of the first read at a position, usually a few lines; each further read is twice as large. */
    private static final int FIRST_READ_BYTES = 8 * 1024;

    /**
     * The last message of a request.
     *
     * @param receipt 0 if there is none
     * @param micros its time, since 1970
     * @param end of its line: offset in an uncompressed file
     */
    record Last(long receipt, long micros, long end) {

        private static final Last NONE = new Last(0, 0, 0);
    }

    private final Path path;
    private final FileBytes bytes;
    private final boolean isPacked;
    private final InputStream input;
    private final LogLine line = new LogLine();
    private byte[] buffer = new byte[BUFFER_BYTES];
    private int start; // of the line, in the buffer
    private int next; // start of the next line
    private int scanned;
    private int limit;
    private int readBytes = FIRST_READ_BYTES;
    private boolean isWithinLine; // the start of the line was longer than a line may be, and is no longer in the buffer
    private boolean isMessage;

    /** The bytes of an open file, from a position on. */
    private static final class FileBytes extends InputStream {

        final Disk.Handle handle;
        long position;

        FileBytes(Disk.Handle handle) {
            this.handle = handle;
        }

        @Override
        public int read() throws IOException {
            byte[] one = new byte[1];
            return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
        }

        @Override
        public int read(byte[] target, int from, int length) throws IOException {
            int read = handle.read(ByteBuffer.wrap(target, from, length), position);
            position += Math.max(0, read);
            return read > 0 ? read : -1;
        }

        @Override
        public int available() throws IOException { // or gzip takes the first of several members for the last
            return (int) Math.min(Integer.MAX_VALUE, Math.max(0, handle.length() - position));
        }

        @Override
        public void close() throws IOException {
            handle.close();
        }
    }

    LogLines(Disk disk, Path path, Disk.Mode mode) throws IOException {
        this.path = path;
        isPacked = StoredFile.isPacked(path);
        bytes = new FileBytes(disk.open(path, mode));
        try {
            input = isPacked ? new GZIPInputStream(bytes, BUFFER_BYTES) : bytes;
        } catch (IOException e) {
            bytes.close();
            throw damaged(path, e);
        }
    }

    /** Opens a file of this machine; empty if there is none. */
    static Optional<LogLines> open(Path path) throws IOException {
        try {
            return Optional.of(new LogLines(DISK, path, Disk.Mode.READ));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /**
     * Moves to the next line; false if there is no further complete line yet.
     *
     * @throws IOException also if a compressed file is damaged
     */
    boolean next() throws IOException {
        boolean found = nextPart();
        while (found && isWithinLine) {
            found = nextPart();
        }
        return found;
    }

    /** As {@link #next}, but of a line that is longer than any message it returns part after part. */
    boolean nextPart() throws IOException {
        while (true) {
            start = next;
            boolean isParsed = line.parse(buffer, start, limit);
            int end = isParsed ? line.next() : LogLine.endOfLine(buffer, scanned, limit);
            if (end > 0 || limit - start == MAX_LINE_BYTES) {
                isMessage = isParsed && !isWithinLine;
                isWithinLine = end == 0;
                next = isWithinLine ? limit : end;
                scanned = next;
                return true;
            }
            scanned = limit;
            if (!fill()) {
                return false;
            }
        }
    }

    /** After {@link #nextPart} has returned false: moves to the incomplete line at the end; false if there is none. */
    boolean nextTorn() {
        start = next;
        next = limit;
        line.parse(buffer, start, next);
        return start < next;
    }

    /** Whether the line has the form in which a server writes it. */
    boolean isMessage() {
        return isMessage;
    }

    /** Goes on to the next message, past all else. */
    boolean nextMessage() throws IOException {
        boolean found = next();
        while (found && !isMessage) {
            found = next();
        }
        return found;
    }

    /**
     * The first message's receipt, 0 if there is none. After that, an uncompressed file is read from its start again.
     */
    long firstReceipt() throws IOException {
        long first = nextMessage() ? line.receipt() : 0;
        if (!isPacked) {
            moveTo(0);
        }
        return first;
    }

    /** The current message. The object is reused for the next one. */
    LogLine line() {
        return line;
    }

    /**
     * Moves to the first message with at least this receipt and time, or to a place before it, by binary search: both
     * rise within a file. In a compressed file it does not move.
     */
    void seek(long receipt, long micros) throws IOException {
        if (isPacked) {
            return;
        }
        Last last = last(); // tells of most files that they end before that
        boolean endsBefore = last.receipt < receipt || last.micros < micros;
        moveTo(0);
        boolean startsBefore = nextMessage() && isBefore(receipt, micros);
        long low = endsBefore ? last.end : 0;
        long high = endsBefore || !startsBefore ? low : bytes.handle.length();
        while (high - low > BUFFER_BYTES) {
            long middle = (low + high) >>> 1;
            moveTo(middle);
            next(); // the rest of a line
            if (nextMessage() && offset() < high && isBefore(receipt, micros)) {
                low = offset();
            } else {
                high = middle;
            }
        }
        moveTo(low);
    }

    private boolean isBefore(long receipt, long micros) {
        return line.receipt() < receipt || line.micros() < micros;
    }

    /** The end of the last complete request. Searches from near the file's end; reads all of a compressed file. */
    Last last() throws IOException {
        Last last = Last.NONE;
        long from = isPacked ? 0 : bytes.handle.length();
        for (long back = FIRST_READ_BYTES; from > 0 && last.receipt == 0; back *= 8) {
            from = Math.max(0, bytes.handle.length() - back);
            moveTo(from);
            if (from > 0) {
                next(); // the rest of a line
            }
            last = lastFromHere();
        }
        return isPacked ? lastFromHere() : last;
    }

    private Last lastFromHere() throws IOException {
        Last last = Last.NONE;
        while (nextMessage()) {
            if (line.part() == line.parts()) {
                last = new Last(line.receipt(), line.micros(), end());
            }
        }
        return last;
    }

    /** Copies the bytes of the file, compressed or not, to a file that only its owner can read, in place of what has its name. */
    void copyTo(Path copy, long length) throws IOException {
        DISK.write(copy, target -> {
            ByteBuffer chunk = ByteBuffer.allocate(BUFFER_BYTES);
            for (long done = 0; done < length; done += chunk.limit()) {
                chunk.clear().limit((int) Math.min(BUFFER_BYTES, length - done));
                bytes.handle.fill(chunk, done);
                if (chunk.hasRemaining()) {
                    throw new IOException(path + " was cut while it was copied");
                }
                target.write(chunk.flip(), done);
            }
        });
    }

    /** Writes the current line or part. */
    void writeTo(OutputStream target) throws IOException {
        target.write(buffer, start, next - start);
    }

    /** Whether the file is now shorter than what was read of it. */
    boolean isTruncated() throws IOException {
        return bytes.handle.length() < bytes.position;
    }

    Path path() {
        return path;
    }

    /** The size of the file, in bytes. */
    long bytes() throws IOException {
        return bytes.handle.length();
    }

    /** How many bytes of the file were read, compressed or not. */
    long bytesRead() {
        return bytes.position;
    }

    /** Whether the file ends within a line, as far as it was read. */
    boolean hasTornEnd() {
        return next < limit || isWithinLine;
    }

    /** The end of the current line or part: offset in an uncompressed file. */
    long end() {
        return bytes.position - limit + next;
    }

    private long offset() {
        return bytes.position - limit + start;
    }

    /** Moves to an offset in an uncompressed file. */
    void moveTo(long position) {
        bytes.position = position;
        next = 0;
        scanned = 0;
        limit = 0;
        isWithinLine = false;
        readBytes = FIRST_READ_BYTES;
    }

    private boolean fill() throws IOException {
        if (next > 0) {
            System.arraycopy(buffer, next, buffer, 0, limit - next);
            limit -= next;
            next = 0;
        } else if (limit == buffer.length) {
            buffer = Arrays.copyOf(buffer, 2 * limit);
        }
        scanned = limit;
        int read;
        try {
            read = input.read(buffer, limit, Math.min(readBytes, buffer.length - limit));
            readBytes = Math.min(2 * readBytes, BUFFER_BYTES);
        } catch (IOException e) {
            throw damaged(path, e);
        }
        limit += Math.max(read, 0);
        return read > 0;
    }

    private static IOException damaged(Path path, IOException e) {
        return new IOException(path + " can't be read: " + e.getMessage(), e);
    }

    @Override
    public void close() throws IOException {
        input.close();
    }
}
