package dev.countersign.core.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.zip.CRC32C;

/**
 * The active file of the log. Lines are appended after the journal's flush; the file itself is flushed later. Used by
 * one thread at a time, except {@link #force}.
 */
final class LogFile implements Closeable {

    /** The state of the file. */
    enum Found {
        /** Unchanged. */
        WELL,
        /** There is no file at the path: it was renamed or removed. */
        MISSING,
        /** There is another file at the path, or the file has another length. */
        CHANGED
    }

    /** The bytes at the start of a file that have a checksum; no batch is larger. */
    private static final int SUMMED_BYTES = 8 * 1024 * 1024;

    private final Disk disk;
    private final Path path;
    private final Disk.Handle handle;
    private final Disk.Handle positioned; // the same file; the other handle writes at the end only
    private final Object identity;
    private final long first;
    private final CRC32C sum;
    private long length;

    /**
     * Opens an existing file for appending.
     *
     * @param first its first receipt, or the first one to come
     * @param length of the file
     */
    LogFile(Disk disk, Path path, long first, long length) throws IOException {
        this.disk = disk;
        this.path = path;
        this.first = first;
        this.length = length;
        identity = disk.stat(path)
                .orElseThrow(() -> new NoSuchFileException(path.toString()))
                .identity();
        sum = sum(disk, path, length);
        positioned = disk.open(path, Disk.Mode.POSITIONED);
        try {
            handle = disk.open(path, Disk.Mode.APPEND);
        } catch (IOException e) {
            positioned.close();
            throw e;
        }
    }

    /** Begins with the empty file at the path, or creates one. Afterwards its name is on disk. */
    static LogFile begin(Disk disk, Path path, long first) throws IOException {
        if (disk.stat(path).isEmpty()) {
            disk.create(path);
        }
        disk.flushFolder(path.getParent());
        return new LogFile(disk, path, first, 0);
    }

    long first() {
        return first;
    }

    /** The length of the file, in bytes. */
    long length() {
        return length;
    }

    long sum() {
        return sum.getValue();
    }

    /**
     * The checksum of a file of this length: only of its start, where a batch would be appended after somebody has
     * truncated the file.
     */
    static CRC32C sum(Disk disk, Path path, long length) throws IOException {
        CRC32C sum = new CRC32C();
        sum.update(start(disk, path, length));
        return sum;
    }

    /** The first bytes of a file, as many as have a checksum. */
    static ByteBuffer start(Disk disk, Path path, long bytes) throws IOException {
        try (Disk.Handle handle = disk.open(path, Disk.Mode.POSITIONED)) {
            ByteBuffer start = ByteBuffer.allocate((int) Math.min(SUMMED_BYTES, Math.min(bytes, handle.length())));
            handle.fill(start, 0);
            return start.flip();
        }
    }

    Found check() throws IOException {
        Optional<Disk.Stat> stat = disk.stat(path);
        if (stat.isEmpty()) {
            return Found.MISSING;
        }
        return stat.get().equals(new Disk.Stat(identity, length)) ? Found.WELL : Found.CHANGED;
    }

    /**
     * Removes the file if somebody has emptied it. A flush that began meanwhile may not include that; after a power cut,
     * sectors of the old lines would lie between those of lines that were written to the same file since.
     */
    void removeIfEmptied() throws IOException {
        if (length > 0 && identity != Disk.UNKNOWN && disk.stat(path).equals(Optional.of(new Disk.Stat(identity, 0)))) {
            disk.delete(path);
        }
    }

    /** Appends all remaining bytes; if this throws, the source's position tells how many were appended. */
    void append(ByteBuffer source) throws IOException {
        while (source.hasRemaining()) {
            int before = source.position();
            try {
                handle.append(source);
            } finally {
                int appended = source.position() - before;
                sum.update(source.slice(before, (int) Math.min(appended, Math.max(0, SUMMED_BYTES - length))));
                length += appended;
            }
        }
    }

    void force() throws IOException {
        handle.force();
    }

    /** Flushes a file before it is renamed; after that nobody repairs it. */
    static void flush(Disk disk, Path path) throws IOException {
        try (Disk.Handle handle = disk.open(path, Disk.Mode.POSITIONED)) {
            handle.force();
        }
    }

    /**
     * Writes and flushes the lines from a position again, even if the file was renamed: after a failed flush they may
     * not be on disk. Does nothing if somebody has truncated the file or written to it.
     *
     * @param lines all lines from that position; the file may still lack the last ones
     */
    void writeAgain(ByteBuffer lines, long position) throws IOException {
        if (positioned.length() == length) {
            positioned.write(lines.limit((int) (length - position)), position);
        }
        positioned.force();
    }

    @Override
    public void close() throws IOException {
        try (positioned) {
            handle.close();
        }
    }
}
