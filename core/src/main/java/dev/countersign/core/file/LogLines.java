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

/** The lines of one file of the log, packed by gzip or not, one after the other. For one thread. */
final class LogLines implements Closeable {

    private static final int BUFFER_BYTES = 256 * 1024;

    /** Read first at a place: some lines, mostly; each further read is twice as long. */
    private static final int FIRST_READ_BYTES = 8 * 1024;

    /**
     * The last message of a request.
     *
     * @param receipt 0 where there is none
     * @param micros its time, since 1970
     * @param end of its line: bytes of an unpacked file
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
    private int next; // line's start
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

    /** Empty where there is no such file. */
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
     * Goes on to the next line; false where the whole lines end, for now.
     *
     * @throws IOException also where a packed file is damaged
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

    /** Whether the line is one that a server writes. */
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

    /** That of the first message, 0 where there is none; an unpacked file is read from its start again then. */
    long firstReceipt() throws IOException {
        long first = nextMessage() ? line.receipt() : 0;
        if (!isPacked) {
            moveTo(0);
        }
        return first;
    }

    /** The message that was found last; it changes with the next. */
    LogLine line() {
        return line;
    }

    /**
     * Goes to the first message of this receipt or a later one, and of this time or a later one, or to somewhere before
     * it: by bisection, since both rise within a file. A packed file is left where it stands.
     */
    void seek(long receipt, long micros) throws IOException {
        if (isPacked) {
            return;
        }
        Last last = last(); // of most files it tells that all of it lies before
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

    /** Where the last whole request ends, found from near the file's end, in a packed file by reading it all. */
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

    /** Copies the file's own bytes, packed where it is, to a new file that only its owner can read, and flushes them. */
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

    /** Whether the file was cut off before what was read of it. */
    boolean isTruncated() throws IOException {
        return channel.size() < channel.position();
    }

    Path path() {
        return path;
    }

    long bytes() throws IOException {
        return channel.size();
    }

    /** Of the file, bytes. */
    long bytesRead() throws IOException {
        return channel.position();
    }

    /** After the last whole line. */
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
