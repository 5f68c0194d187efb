package dev.countersign.core.file;

import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.countersign.core.Home;
import dev.countersign.core.LogLine;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.zip.GZIPInputStream;

/** Reads the lines of one log file, compressed by gzip or not, one after the other. For use by one thread. */
final class LogLines implements Closeable {

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
    private final FileChannel channel;
    private final boolean isPacked;
    private final InputStream input;
    private final LogLine line = new LogLine();
    private byte[] buffer = new byte[BUFFER_BYTES];
    private int start; // of the line, in the buffer
    private int next; // start of the next line
    private int scanned;
    private int limit;
    private int readBytes = FIRST_READ_BYTES;
    private boolean isOverlong;
    private boolean isMessage;

    private LogLines(Path path, FileChannel channel, boolean isPacked) throws IOException {
        this.path = path;
        this.channel = channel;
        this.isPacked = isPacked;
        InputStream bytes = Channels.newInputStream(channel);
        input = isPacked ? new GZIPInputStream(bytes, BUFFER_BYTES) : bytes;
    }

    /** Opens a file; empty if there is none. */
    static Optional<LogLines> open(Path path) throws IOException {
        FileChannel channel;
        try {
            channel = FileChannel.open(path, READ);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
        try {
            return Optional.of(new LogLines(path, channel, StoredFile.isPacked(path)));
        } catch (IOException e) {
            channel.close();
            throw damaged(path, e);
        }
    }

    /**
     * Moves to the next line; false if there is no further complete line yet.
     *
     * @throws IOException also if a compressed file is damaged
     */
    boolean next() throws IOException {
        while (true) {
            start = next;
            isMessage = !isOverlong && line.parse(buffer, start, limit);
            int end = isMessage ? line.next() : LogLine.endOfLine(buffer, scanned, limit);
            if (end > 0) {
                next = end;
                scanned = end;
                isOverlong = false;
                return true;
            }
            scanned = limit;
            if (!fill()) {
                return false;
            }
        }
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
        long high = endsBefore || !startsBefore ? low : channel.size();
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
        long from = isPacked ? 0 : channel.size();
        for (long back = FIRST_READ_BYTES; from > 0 && last.receipt == 0; back *= 8) {
            from = Math.max(0, channel.size() - back);
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
                last = new Last(line.receipt(), line.micros(), offset() + scanned - start);
            }
        }
        return last;
    }

    /** Copies the bytes of the file, compressed or not, to a new file that only its owner can read, and flushes it. */
    void copyTo(Path copy, long length) throws IOException {
        Home.createNewFile(copy);
        try (FileChannel target = FileChannel.open(copy, WRITE)) {
            long copied;
            for (long done = 0; done < length; done += copied) {
                copied = channel.transferTo(done, length - done, target);
                if (copied == 0) {
                    throw new IOException(path + " was cut while it was copied");
                }
            }
            target.force(true);
        }
    }

    /** Whether the file is now shorter than what was read of it. */
    boolean isTruncated() throws IOException {
        return channel.size() < channel.position();
    }

    Path path() {
        return path;
    }

    long bytes() throws IOException {
        return channel.size();
    }

    /** The size of the file, in bytes. */
    long bytesRead() throws IOException {
        return channel.position();
    }

    /** The position after the last complete line. */
    boolean hasTornEnd() {
        return next < limit || isOverlong;
    }

    private long offset() throws IOException {
        return channel.position() - limit + start;
    }

    private void moveTo(long position) throws IOException {
        channel.position(position);
        next = 0;
        scanned = 0;
        limit = 0;
        isOverlong = false;
        readBytes = FIRST_READ_BYTES;
    }

    private boolean fill() throws IOException {
        if (next > 0) {
            System.arraycopy(buffer, next, buffer, 0, limit - next);
            limit -= next;
            next = 0;
        } else if (limit == LogScan.MAX_LINE_BYTES) {
            isOverlong = true;
            limit = 0;
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
