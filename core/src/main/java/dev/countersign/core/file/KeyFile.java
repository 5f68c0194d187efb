package dev.countersign.core.file;

import dev.countersign.core.Home;
import dev.countersign.core.StartupException;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The key file {@code data/keys-N}: the {@link KeyEntry}s in the order they were added to the {@link KeyTable}, so that
 * reading the file rebuilds the table. When the file is twice as large as the table, a new one is written next to it, a
 * part at a time. Then the journal's next header names the new file, and the old one is removed.
 *
 * <p>Used by one thread at a time; another thread may flush {@link #handles}.
 */
final class KeyFile implements Closeable {

    private static final Logger log = LoggerFactory.getLogger(KeyFile.class);

    private static final Pattern NAME = Pattern.compile("keys-\\d+");
    private static final int SLICE_ENTRIES = 1024;
    private static final int LOAD_ENTRIES = 16 * SLICE_ENTRIES;

    private final Disk disk;
    private final Path folder;
    private final long seed;
    private final int leastBytes;
    private long number;
    private Disk.Handle handle;
    private long length;
    private Optional<Rewrite> rewrite = Optional.empty();
    private long rewriteNotBelow;
    private long firstKept;

    /** The next file, while it is being written. */
    private static final class Rewrite {
        final ByteBuffer slice = ByteBuffer.allocateDirect(4 * SLICE_ENTRIES * KeyEntry.BYTES);
        final Disk.Handle handle;
        final long firstReceipt; // of the entries to copy from the old file, after those of the table
        long length;
        long copied; // of the old file
        boolean walking = true;

        Rewrite(Disk.Handle handle, long firstReceipt, long copied) {
            this.handle = handle;
            this.firstReceipt = firstReceipt;
            this.copied = copied;
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
     * @param leastBytes smaller files are not rewritten
     * @throws StartupException if the file has lost flushed data
     */
    KeyFile(Disk disk, Path folder, long seed, int leastBytes, Checkpoint checkpoint, KeyTable table)
            throws IOException {
        this.disk = disk;
        this.folder = folder;
        this.seed = seed;
        this.leastBytes = leastBytes;
        number = checkpoint.keyFile();
        length = checkpoint.keyLength();
        Path named = file(number);
        for (Path file : disk.list(folder)) {
            if (NAME.matcher(file.getFileName().toString()).matches() && !file.equals(named)) {
                remove(file); // unfinished, or replaced
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
            read(table);
            handle.truncate(length);
        } catch (IOException | RuntimeException e) {
            handle.close();
            throw e;
        }
    }

    private void read(KeyTable table) throws IOException {
        ByteBuffer chunk = ByteBuffer.allocate((int) Math.min(LOAD_ENTRIES * KeyEntry.BYTES, length));
        for (long at = 0; at < length; at += chunk.limit()) {
            chunk.clear().limit((int) Math.min(chunk.capacity(), length - at));
            handle.fill(chunk, at);
            if (chunk.hasRemaining()) {
                throw damaged(at + chunk.position());
            }
            chunk.flip();
            while (chunk.hasRemaining()) {
                if (!KeyEntry.isWhole(chunk, chunk.position(), seed)) {
                    throw damaged(at + chunk.position());
                }
                table.enter(KeyEntry.read(chunk));
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

    /** The open files that a flush must include. */
    List<Disk.Handle> handles() {
        return rewrite.map(next -> List.of(handle, next.handle)).orElse(List.of(handle));
    }

    /** Appends entries to the file, then adds them to the table. A retry overwrites what a failed call left. */
    void append(ByteBuffer entries, KeyTable table) throws IOException {
        handle.write(entries.duplicate(), length);
        length += entries.remaining();
        while (entries.hasRemaining()) {
            table.enter(KeyEntry.read(entries));
        }
    }

    /** Continues to rewrite the file, if that is due, by a small step between two batches. */
    void tidy(KeyTable table, long nextReceipt) {
        try {
            if (rewrite.isPresent()) {
                step(table, rewrite.get());
            } else if (length >= Math.max(leastBytes, rewriteNotBelow)
                    && length / KeyEntry.BYTES >= 2L * table.size()) {
                rewrite = Optional.of(begin(table, nextReceipt));
            }
        } catch (IOException e) {
            log.warn("can't write the file of remembered keys anew; it goes on growing for now", e);
            rewriteNotBelow = length + length / 4;
            rewrite.ifPresent(this::abandon);
        }
    }

    private Rewrite begin(KeyTable table, long nextReceipt) throws IOException {
        disk.delete(file(number + 1));
        disk.create(file(number + 1));
        disk.flushFolder(folder);
        table.startWalk();
        return new Rewrite(disk.open(file(number + 1), Disk.Mode.POSITIONED), nextReceipt, length);
    }

    private void step(KeyTable table, Rewrite next) throws IOException {
        ByteBuffer slice = next.slice.clear();
        if (next.walking) {
            next.walking = table.walk(SLICE_ENTRIES, entry -> {
                if (entry.receipt() < next.firstReceipt) {
                    entry.write(slice, seed);
                }
            });
        } else {
            slice.limit((int) Math.min(slice.capacity(), length - next.copied));
            handle.fill(slice, next.copied);
            next.copied += slice.position();
        }
        int bytes = slice.flip().remaining();
        next.handle.write(slice, next.length);
        next.length += bytes;
        if (!next.walking && next.copied == length) {
            handle.close();
            handle = next.handle;
            length = next.length;
            number++;
            rewrite = Optional.empty();
        }
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
    void writeAnew(KeyTable table) throws IOException {
        rewrite.ifPresent(this::abandon);
        Rewrite next = begin(table, Long.MAX_VALUE);
        rewrite = Optional.of(next);
        while (next.walking) {
            step(table, next); // copies nothing from the old file: the table has all its entries
        }
    }

    /** Removes the files before the one in the journal's flushed header. */
    void removeBefore(long named) {
        for (; firstKept < named; firstKept++) {
            remove(file(firstKept));
        }
    }

    /** A file that can't be removed does no harm; each start tries again. */
    private void remove(Path file) {
        try {
            disk.delete(file);
        } catch (IOException e) {
            log.warn("can't remove {}: {}", file, Home.reason(e));
        }
    }

    @Override
    public void close() throws IOException {
        for (Disk.Handle each : handles()) {
            each.close();
        }
    }
}
