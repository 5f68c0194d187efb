package dev.countersign.web;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** Somebody who reads along in the log while it is written, and notes each line that he has seen. */
final class LogReader implements Closeable {

    /** As which bytes are read: each as a character, so that a line may end anywhere. */
    static final Charset BYTES = ISO_8859_1;

    private static final String LINE_START = "{\"receipt\":\"";
    private static final int PATIENCE_SECONDS = 30;

    private final Set<String> lines = ConcurrentHashMap.newKeySet();
    private final Set<String> unfinished = ConcurrentHashMap.newKeySet();
    private final AtomicInteger truncations = new AtomicInteger();
    private final AtomicInteger linesRead = new AtomicInteger();
    private final String name;
    private final Closeable source;

    private LogReader(String name, Closeable source) {
        this.name = name;
        this.source = source;
    }

    /** The command that people use. It looks for changes every 50 ms where the file system doesn't tell it. */
    static LogReader tail(Path log) throws IOException {
        Process tail = new ProcessBuilder("tail", "-F", "-n", "+1", "-s", "0.05", log.toString()).start();
        LogReader reader = new LogReader("tail -F", () -> ServerProcess.kill(tail));
        reader.read(tail.getInputStream());
        reader.inThread(() -> {
            try (BufferedReader notices = tail.errorReader()) {
                for (String notice; (notice = notices.readLine()) != null; ) {
                    reader.truncations.addAndGet(notice.endsWith(": file truncated") ? 1 : 0);
                }
            }
        });
        return reader;
    }

    /** Reads a file to its end, and goes on with the next when the path leads to another one. */
    static LogReader byInode(Path log) {
        FollowedFile file = new FollowedFile(log);
        LogReader reader = new LogReader("reader by inode", () -> file.ended = true);
        file.truncations = reader.truncations;
        reader.read(file);
        return reader;
    }

    private interface Reading {
        void run() throws IOException;
    }

    private void inThread(Reading reading) {
        Thread thread = new Thread(
                () -> {
                    try {
                        reading.run();
                    } catch (IOException e) {
                        // closed
                    }
                },
                name);
        thread.setDaemon(true);
        thread.start();
    }

    private void read(InputStream log) {
        inThread(() -> {
            try (BufferedReader reader = new BufferedReader(new InputStreamReader(log, BYTES))) {
                for (String line; (line = reader.readLine()) != null; ) {
                    // where the file was replaced within a line, that part stands before the next file's first line
                    int start = Math.max(0, line.lastIndexOf(LINE_START));
                    if (start > 0) {
                        unfinished.add(line.substring(0, start));
                    }
                    linesRead.incrementAndGet();
                    lines.add(line.substring(start));
                }
            }
        });
    }

    /** Returns when it has seen a line. */
    void awaitLine(String line) {
        await(() -> lines.contains(line), "has not seen " + line);
    }

    /** How many it has read, each time that it has. */
    int linesRead() {
        return linesRead.get();
    }

    /** How often it has noticed that the file became shorter. */
    int truncations() {
        return truncations.get();
    }

    void awaitTruncations(int count) {
        await(() -> truncations.get() >= count, "has not noticed that the file was truncated");
    }

    private void await(BooleanSupplier condition, String otherwise) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, () -> name + " " + otherwise);
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }

    /** It has seen what is durable, all of it, and nothing else. */
    void assertSaw(Set<String> durable) {
        Set<String> missed = new HashSet<>(durable);
        missed.removeAll(lines);
        assertEquals(Set.of(), missed, name + " missed lines");
        Set<String> foreign = new HashSet<>(lines);
        foreign.removeAll(durable);
        assertEquals(Set.of(), foreign, name + " saw lines that are in no file");
        TreeSet<String> sorted = new TreeSet<>(durable);
        for (String part : unfinished) {
            String next = sorted.ceiling(part);
            assertTrue(next != null && next.startsWith(part), () -> name + " saw what no line begins with: " + part);
        }
    }

    @Override
    public void close() throws IOException {
        source.close();
    }

    /** What stands in the files that a path leads to, one after the other: blocks at the end of one until there is more. */
    private static final class FollowedFile extends InputStream {

        private final Path path;
        private volatile boolean ended;
        private AtomicInteger truncations = new AtomicInteger();
        private Object inode = "none";
        private FileChannel channel;
        private long position;

        FollowedFile(Path path) {
            this.path = path;
        }

        @Override
        public int read() {
            throw new UnsupportedOperationException("byte by byte");
        }

        @Override
        public int read(byte[] target, int from, int length) throws IOException {
            while (!ended) {
                boolean isReplaced = isReplaced(); // asked first: the rest of a file is read before the next
                int read = channel == null ? 0 : readOn(ByteBuffer.wrap(target, from, length));
                if (read > 0) {
                    return read;
                }
                if (isReplaced) {
                    openNext();
                } else {
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
                }
            }
            return -1;
        }

        private int readOn(ByteBuffer target) throws IOException {
            if (channel.size() < position) {
                position = 0;
                truncations.incrementAndGet();
            }
            int read = channel.read(target, position);
            position += Math.max(0, read);
            return read;
        }

        private boolean isReplaced() throws IOException {
            try {
                return !inodeOfPath().equals(inode);
            } catch (NoSuchFileException e) {
                return false;
            }
        }

        private Object inodeOfPath() throws IOException {
            return Files.readAttributes(path, BasicFileAttributes.class).fileKey();
        }

        private void openNext() throws IOException {
            try {
                Object before = inodeOfPath();
                FileChannel opened = FileChannel.open(path);
                if (!inodeOfPath().equals(before)) {
                    opened.close();
                    return; // replaced meanwhile: once more
                }
                close();
                channel = opened;
                inode = before;
                position = 0;
            } catch (NoSuchFileException e) {
                // removed meanwhile: once more
            }
        }

        @Override
        public void close() throws IOException {
            if (channel != null) {
                channel.close();
            }
        }
    }
}
