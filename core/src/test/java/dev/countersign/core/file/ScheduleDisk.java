package dev.countersign.core.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * A small disk in memory that knows what was flushed, and that reports when a flushed record of the journal is written
 * over though no flushed header says that the log has it. Before each operation other threads may have their turn.
 */
final class ScheduleDisk implements Disk {

    /** How the journal is flushed: rightly, or with a fault that leads to a race. */
    enum JournalFlush {
        RIGHT,
        /** The flush returns at once, and is done before the next write. */
        LATE,
        /** A header that is written by itself, to free space, waits for the flush of the next record. */
        NOT_OF_LONE_HEADERS
    }

    private static final int FILE_BYTES = 32 * 1024;

    private final Path journal;
    private final JournalFlush journalFlush;
    private final Runnable turn;
    private final Consumer<String> faults;
    private final Map<Path, Content> names = new TreeMap<>();

    /**
     * @param turn is run before each operation: it may wait until this thread's turn comes
     * @param faults takes a sentence for each flushed record that is lost
     */
    ScheduleDisk(Path journal, JournalFlush journalFlush, Runnable turn, Consumer<String> faults) {
        this.journal = journal;
        this.journalFlush = journalFlush;
        this.turn = turn;
        this.faults = faults;
    }

    private static final class Content {
        final byte[] cache = new byte[FILE_BYTES];
        final byte[] flushed = new byte[FILE_BYTES];
        int length;
        boolean flushDue;
        boolean headerAlone; // since the last flush no record was written

        synchronized int read(ByteBuffer target, int position) {
            int bytes = Math.min(target.remaining(), length - position);
            if (bytes <= 0) {
                return -1;
            }
            target.put(cache, position, bytes);
            return bytes;
        }

        synchronized void write(ByteBuffer source, int position) {
            int bytes = source.remaining();
            source.get(cache, position, bytes);
            length = Math.max(length, position + bytes);
        }

        synchronized void append(ByteBuffer source) {
            write(source, length);
        }

        synchronized void flush() {
            System.arraycopy(cache, 0, flushed, 0, FILE_BYTES);
            flushDue = false;
        }

        synchronized boolean hasFlushed(String text) {
            return new String(flushed, ISO_8859_1).contains(text);
        }
    }

    /** Whether a text would be there after a power cut now: in the log or the journal. */
    synchronized boolean hasFlushed(String text) {
        return names.values().stream().anyMatch(content -> content.hasFlushed(text));
    }

    synchronized String read(Path file) throws IOException {
        Content content = content(file);
        return new String(content.cache, 0, content.length, ISO_8859_1);
    }

    private synchronized Content content(Path file) throws IOException {
        Content content = names.get(file);
        if (content == null) {
            throw new NoSuchFileException(file.toString());
        }
        return content;
    }

    @Override
    public Handle open(Path file, Mode mode) throws IOException {
        return new MemoryHandle(content(file), file.equals(journal));
    }

    @Override
    public synchronized void create(Path file) {
        names.put(file, new Content());
    }

    @Override
    public synchronized void rename(Path from, Path to) throws IOException {
        names.put(to, content(from));
        names.remove(from);
    }

    @Override
    public void replace(Path from, Path to) throws IOException {
        rename(from, to);
    }

    @Override
    public synchronized void delete(Path file) {
        names.remove(file);
    }

    @Override
    public synchronized List<Path> list(Path folder) {
        return names.keySet().stream()
                .filter(path -> path.getParent().equals(folder))
                .toList();
    }

    @Override
    public void flushFolder(Path folder) {
        // a name is durable at once here
    }

    @Override
    public Optional<Stat> stat(Path file) {
        turn.run();
        return statNow(file);
    }

    private synchronized Optional<Stat> statNow(Path file) {
        return Optional.ofNullable(names.get(file)).map(content -> new Stat(content, content.length));
    }

    private final class MemoryHandle implements Handle {

        private final Content content;
        private final boolean isJournal;

        MemoryHandle(Content content, boolean isJournal) {
            this.content = content;
            this.isJournal = isJournal;
        }

        @Override
        public int read(ByteBuffer target, long position) {
            return content.read(target, (int) position);
        }

        @Override
        public void write(ByteBuffer source, long position) {
            turn.run();
            if (isJournal) {
                if (content.flushDue) {
                    content.flush();
                }
                if (position >= Journal.RING_START) {
                    content.headerAlone = false;
                    checkThatItIsFree((int) position);
                }
            }
            content.write(source, (int) position);
        }

        /** The flushed headers say up to which record the space is free. */
        private void checkThatItIsFree(int position) {
            ByteBuffer flushed = ByteBuffer.wrap(content.flushed);
            int newest =
                    flushed.getLong(24) > flushed.getLong(JournalBatch.BLOCK_BYTES + 24) ? 0 : JournalBatch.BLOCK_BYTES;
            long freed = flushed.getLong(newest + 40);
            long there = flushed.getLong(position + 8);
            if (there > freed) {
                faults.accept("record " + there + " is written over, but the flushed header frees only up to " + freed);
            }
        }

        @Override
        public void append(ByteBuffer source) {
            turn.run();
            content.append(source);
        }

        @Override
        public void force() {
            turn.run();
            if (isJournal && journalFlush == JournalFlush.LATE) {
                content.flushDue = true;
            } else if (!isJournal || !content.headerAlone || journalFlush != JournalFlush.NOT_OF_LONE_HEADERS) {
                content.flush();
                content.headerAlone = true;
            }
        }

        @Override
        public void truncate(long length) {
            content.length = (int) length;
            Arrays.fill(content.cache, (int) length, FILE_BYTES, (byte) 0);
        }

        @Override
        public long length() {
            return content.length;
        }

        @Override
        public void close() {
            // nothing is held
        }
    }
}
