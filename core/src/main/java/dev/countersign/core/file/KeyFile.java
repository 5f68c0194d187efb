package dev.countersign.core.file;

import dev.countersign.core.StartupException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The key file {@code data/keys-N}: the {@link KeyEntry}s in the order they were added to the {@link KeyTable}, so that
 * reading the file rebuilds the table. When the file is twice as large as the table, a new one is written next to it, a
 * part at a time: the entries that the table still has, in the same order. Then the journal's next header names the new
 * file, and the old one is removed.
 *
 * <p>Used by one thread at a time; another thread may flush {@link #handles}.
 */
final class KeyFile implements Closeable {

    private static final Logger log = LoggerFactory.getLogger(KeyFile.class);

    private static final Pattern NAME = Pattern.compile("keys-\\d+");

    /** A smaller file is not rewritten. */
    private static final int LEAST_BYTES = 4 * 1024 * 1024;

    /** Twice as many as a batch may add: so a rewrite ends. */
    private static final int SLICE_BYTES = 2048 * KeyEntry.BYTES;

    private final Disk disk;
    private final Path folder;
    private final long seed;
    private final KeyTable table;
    private long number;
    private Disk.Handle handle;
    private long length;
    private Optional<Rewrite> rewrite = Optional.empty();
    private long rewriteNotBelow;
    private long firstKept;

    /** The next file, while it is being written. */
    private static final class Rewrite {
        final ByteBuffer slice = ByteBuffer.allocateDirect(SLICE_BYTES);
        final Disk.Handle handle;
        long length;
        long copied; // of the old file

        Rewrite(Disk.Handle handle) {
            this.handle = handle;
        }

        void write() throws IOException {
            int bytes = slice.flip().remaining();
            handle.write(slice, length);
            length += bytes;
        }
    }

    /** Renames the key files of an earlier journal: the messages of their keys may not be in the log. */
    static void setAside(Disk disk, Path folder) throws IOException {
        for (Path file : disk.list(folder)) {
            if (NAME.matcher(file.getFileName().toString()).matches()) {
                Path aside = file.resolveSibling(file.getFileName() + ".old");
                disk.delete(aside);
                disk.rename(file, aside);
                log.warn("without a journal, {} is of no use; it was renamed {}", file, aside.getFileName());
            }
        }
        disk.flushFolder(folder);
    }

    /**
     * Reads the file that a checkpoint names, up to the length in the checkpoint.
     *
     * @param capacity of the table
     * @throws StartupException if the file has lost flushed data
     */
    KeyFile(Disk disk, Path folder, long seed, Checkpoint checkpoint, int capacity) throws IOException {
        this.disk = disk;
        this.folder = folder;
        this.seed = seed;
        table = new KeyTable(capacity);
        number = checkpoint.keyFile();
        length = checkpoint.keyLength();
        Path named = file(number);
        for (Path file : disk.list(folder)) {
            if (NAME.matcher(file.getFileName().toString()).matches() && !file.equals(named)) {
                disk.delete(file); // an unfinished file, or one that was replaced
            }
        }
        if (disk.stat(named).isEmpty()) {
            if (length > 0) {
                log.warn("{} is missing: which keyed requests were logged before is forgotten", named);
                number++; // the checkpoint's length does not fit the new file
                length = 0;
            }
            disk.create(file(number));
            disk.flushFolder(folder);
        }
        firstKept = number;
        handle = disk.open(file(number), Disk.Mode.POSITIONED);
        try {
            read();
            handle.truncate(length);
        } catch (IOException | RuntimeException e) {
            handle.close();
            throw e;
        }
    }

    private void read() throws IOException {
        ByteBuffer slice = ByteBuffer.allocate(SLICE_BYTES);
        for (long at = 0; at < length; at += slice.limit()) {
            slice.clear().limit((int) Math.min(SLICE_BYTES, length - at));
            handle.fill(slice, at);
            if (slice.hasRemaining()) {
                throw damaged(at + slice.position());
            }
            slice.flip();
            while (slice.hasRemaining()) {
                if (!KeyEntry.isWhole(slice, slice.position(), seed)) {
                    throw damaged(at + slice.position());
                }
                table.enter(KeyEntry.read(slice));
            }
        }
    }

    private StartupException damaged(long at) {
        return new StartupException("the file of remembered keys " + file(number) + " is damaged at byte " + at
                + ". Move it away to go on: the server then forgets which keyed requests it logged, and would log a"
                + " repeat of one again.");
    }

    private Path file(long ofNumber) {
        return folder.resolve("keys-" + ofNumber);
    }

    long number() {
        return number;
    }

    long length() {
        return length;
    }

    /** The number of remembered requests. */
    int size() {
        return table.size();
    }

    /** The request with this name, if it is remembered. */
    Optional<KeyEntry> find(KeyName name) {
        return table.find(name);
    }

    /** The open files that a flush must include. */
    List<Disk.Handle> handles() {
        return rewrite.map(next -> List.of(handle, next.handle)).orElse(List.of(handle));
    }

    /** Appends entries to the file, then adds them to the table. A retry overwrites what a failed call left. */
    void append(ByteBuffer entries) throws IOException {
        handle.write(entries.duplicate(), length);
        length += entries.remaining();
        while (entries.hasRemaining()) {
            table.enter(KeyEntry.read(entries));
        }
    }

    /** Continues to rewrite the file, if that is due, by a small step between two batches. */
    void tidy() {
        try {
            if (rewrite.isPresent()) {
                step(rewrite.get());
            } else if (length >= Math.max(LEAST_BYTES, rewriteNotBelow)
                    && length / KeyEntry.BYTES >= 2L * table.size()) {
                rewrite = Optional.of(begin());
            }
        } catch (IOException e) {
            log.warn("can't write the file of remembered keys anew; it goes on growing for now", e);
            rewriteNotBelow = length + length / 4;
            rewrite.ifPresent(this::abandon);
        }
    }

    private Rewrite begin() throws IOException {
        disk.delete(file(number + 1));
        disk.create(file(number + 1));
        disk.flushFolder(folder);
        return new Rewrite(disk.open(file(number + 1), Disk.Mode.POSITIONED));
    }

    private void step(Rewrite next) throws IOException {
        ByteBuffer slice = next.slice.clear().limit((int) Math.min(SLICE_BYTES, length - next.copied));
        handle.fill(slice, next.copied);
        if (slice.hasRemaining()) {
            throw new IOException(file(number) + " is shorter than it was");
        }
        next.copied += slice.position();
        ByteBuffer entries = slice.flip().duplicate();
        slice.clear();
        while (entries.hasRemaining()) {
            KeyEntry entry = KeyEntry.read(entries);
            if (table.has(entry)) {
                entry.write(slice, seed); // over entries that were read before it
            }
        }
        next.write();
        if (next.copied == length) {
            use(next);
        }
    }

    private void use(Rewrite next) throws IOException {
        handle.close();
        handle = next.handle;
        length = next.length;
        number++;
        rewrite = Optional.empty();
    }

    private void abandon(Rewrite next) {
        rewrite = Optional.empty();
        try {
            next.handle.close();
            disk.delete(file(number + 1));
        } catch (IOException e) {
            log.warn("can't remove {}", file(number + 1), e);
        }
    }

    /** Writes the whole table to a new file: after a failed flush, the content of the old one on disk is unknown. */
    void writeAnew() throws IOException {
        rewrite.ifPresent(this::abandon);
        Rewrite next = begin();
        rewrite = Optional.of(next);
        Iterator<KeyEntry> entries = table.entries().iterator();
        while (entries.hasNext()) {
            next.slice.clear();
            while (entries.hasNext() && next.slice.hasRemaining()) {
                entries.next().write(next.slice, seed);
            }
            next.write();
        }
        use(next);
    }

    /** Removes the files before the one in the journal's flushed header. */
    void removeBefore(long named) throws IOException {
        for (; firstKept < named; firstKept++) {
            disk.delete(file(firstKept));
        }
    }

    @Override
    public void close() throws IOException {
        for (Disk.Handle each : handles()) {
            each.close();
        }
    }
}
