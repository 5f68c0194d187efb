package dev.countersign.core.file;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The active file of the log, appended after the journal's flush and not flushed then. Used by one thread at a time, but
 * for {@link #force}.
 */
final class LogFile implements Closeable {

    /** How the file is found. */
    enum Found {
        /** As it was left. */
        WELL,
        /** The path leads to nothing: it was renamed or removed. */
        MISSING,
        /** The path leads to another file, or this one has another length. */
        CHANGED
    }

    private final Disk disk;
    private final Path path;
    private final Disk.Handle handle;
    private final Disk.Handle positioned; // of the same file, wherever its name goes: the other writes at the end only
    private final Object identity;
    private final long first;
    private long length;

    /**
     * Opens an existing file to append to it.
     *
     * @param first receipt that it begins with, or will
     * @param length that it has
     */
    LogFile(Disk disk, Path path, long first, long length) throws IOException {
        this.disk = disk;
        this.path = path;
        this.first = first;
        this.length = length;
        identity = disk.stat(path)
                .orElseThrow(() -> new NoSuchFileException(path.toString()))
                .identity();
        positioned = disk.open(path, Disk.Mode.POSITIONED);
        try {
            handle = disk.open(path, Disk.Mode.APPEND);
        } catch (IOException e) {
            positioned.close();
            throw e;
        }
    }

    /** Begins with the file at the path, which is empty, or makes one; its name is on disk after. */
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

    /** Of what was appended and what it had: bytes. */
    long length() {
        return length;
    }

    Found check() throws IOException {
        Optional<Disk.Stat> stat = disk.stat(path);
        if (stat.isEmpty()) {
            return Found.MISSING;
        }
        return stat.get().equals(new Disk.Stat(identity, length)) ? Found.WELL : Found.CHANGED;
    }

    /** Appends all that remains; where this throws, the source's position says how far it came. */
    void append(ByteBuffer source) throws IOException {
        while (source.hasRemaining()) {
            int before = source.remaining();
            try {
                handle.append(source);
            } finally {
                length += before - source.remaining();
            }
        }
    }

    void force() throws IOException {
        handle.force();
    }

    /** Flushes a file before it is set aside: nobody mends it then. */
    static void flush(Disk disk, Path path) throws IOException {
        try (Disk.Handle handle = disk.open(path, Disk.Mode.POSITIONED)) {
            handle.force();
        }
    }

    /**
     * Writes what was appended from a position on again, and flushes it, wherever the file's name is by now: after a
     * failed flush it may be on no disk. Not where somebody has cut the file, or written to it.
     *
     * @param lines all that belong there; the last ones may be missing yet
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
