package dev.countersign.core;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The file of messages, one {@link LogLine} each, appended batch by batch.
 *
 * <p>Safe for use by many threads. A message is in the file, and with {@link Sync#ALWAYS} on the disk, once its stage
 * completes. What a failed write left is cut off, so the file is whole lines at any time but while writing; what a
 * crash left is cut off at the next start.
 */
public final class MessageLog implements Closeable {

    /** Opens the file; a test puts a failing disk here. */
    @FunctionalInterface
    interface Opener {
        FileChannel open(Path file) throws IOException;
    }

    private static final Logger log = LoggerFactory.getLogger(MessageLog.class);

    private final FileChannel channel;
    private final GroupCommit<byte[], Receipt> commits;

    private MessageLog(FileChannel channel, GroupCommit<byte[], Receipt> commits) {
        this.channel = channel;
        this.commits = commits;
    }

    /**
     * Opens the log, cuts a torn last line off, and reads all of it, some 100 MB a second, to be sure of it.
     *
     * @throws StartupException where it can't be opened, or is damaged elsewhere than at its end
     */
    static MessageLog open(Path file, Sync sync, int queueSize, Executor completions, Clock clock) {
        return open(file, sync, queueSize, completions, clock, path -> FileChannel.open(path, READ, WRITE));
    }

    static MessageLog open(Path file, Sync sync, int queueSize, Executor completions, Clock clock, Opener opener) {
        try {
            Home.createFile(file);
            FileChannel channel = opener.open(file);
            try {
                LogScan scan = LogScan.of(channel, file);
                if (scan.tornBytes() > 0) {
                    channel.truncate(scan.endOfLines());
                    channel.force(true);
                    log.warn(
                            "cut {} bytes off the end of {}: a line that a crash left torn, never acknowledged",
                            scan.tornBytes(),
                            file);
                }
                Appender appender = new Appender(channel, sync, clock, scan.endOfLines(), scan.lastReceipt());
                return new MessageLog(
                        channel, new GroupCommit<>("message-log-writer", queueSize, completions, appender));
            } catch (IOException | RuntimeException e) {
                channel.close();
                throw e;
            }
        } catch (IOException e) {
            throw new StartupException(
                    "can't open the message log " + file + ": " + Home.reason(e)
                            + ". Give this user the right to, or choose another folder with --home.",
                    e);
        }
    }

    /**
     * Appends a message.
     *
     * @return its receipt, once its line is written and flushed; fails as {@link GroupCommit#submit} says
     */
    public CompletionStage<Receipt> append(Message message) {
        return commits.submit(LogLine.tail(message));
    }

    /** Whether it can take messages. */
    public boolean healthy() {
        return commits.healthy();
    }

    /** As {@link GroupCommit#writerDeath} says. */
    CompletionStage<Throwable> writerDeath() {
        return commits.writerDeath();
    }

    /** Takes no more, writes what waits, and closes the file. */
    @Override
    public void close() throws IOException {
        commits.close();
        channel.close();
    }

    /** Writes batches at the end of the file; used by the writer's thread alone. */
    private static final class Appender implements GroupCommit.Sink<byte[], Receipt> {

        private static final int BUFFER_BYTES = 256 * 1024;
        private static final DateTimeFormatter TIME =
                new DateTimeFormatterBuilder().appendInstant(3).toFormatter();

        private final FileChannel channel;
        private final Sync sync;
        private final Clock clock;
        private final ByteBuffer buffer = ByteBuffer.allocateDirect(BUFFER_BYTES);
        private long end; // of what is committed: bytes
        private long lastReceipt;
        private boolean dirty; // a write failed: there may be bytes past the end

        Appender(FileChannel channel, Sync sync, Clock clock, long end, long lastReceipt) {
            this.channel = channel;
            this.sync = sync;
            this.clock = clock;
            this.end = end;
            this.lastReceipt = lastReceipt;
        }

        @Override
        public List<Receipt> commit(List<byte[]> tails) throws IOException {
            cutFailedWrite();
            try {
                return write(tails);
            } catch (IOException e) {
                try {
                    cutFailedWrite(); // at once: whoever reads along is to see whole lines
                } catch (IOException again) {
                    e.addSuppressed(again); // tried again before the next write
                }
                throw e;
            }
        }

        private List<Receipt> write(List<byte[]> tails) throws IOException {
            dirty = true;
            String time = TIME.format(Instant.now(clock));
            List<Receipt> receipts = new ArrayList<>(tails.size());
            long position = end;
            for (byte[] tail : tails) {
                Receipt receipt = new Receipt(lastReceipt + receipts.size() + 1, time);
                position = put(LogLine.head(receipt), position);
                position = put(tail, position);
                receipts.add(receipt);
            }
            position = writeBuffer(position);
            flush();
            dirty = false;
            end = position;
            lastReceipt += receipts.size();
            return receipts;
        }

        /** Writes blanks past the end, flushes and cuts them off: a full disk fails at this as at a message. */
        @Override
        public void probe() throws IOException {
            cutFailedWrite();
            dirty = true;
            put(" ".repeat(4096).getBytes(US_ASCII), end);
            writeBuffer(end);
            flush();
            cutFailedWrite();
        }

        private void cutFailedWrite() throws IOException {
            if (dirty) {
                buffer.clear();
                channel.truncate(end);
                flush();
                dirty = false;
            }
        }

        private long put(byte[] bytes, long position) throws IOException {
            long next = position;
            int done = 0;
            while (done < bytes.length) {
                if (!buffer.hasRemaining()) {
                    next = writeBuffer(next);
                }
                int length = Math.min(bytes.length - done, buffer.remaining());
                buffer.put(bytes, done, length);
                done += length;
            }
            return next;
        }

        /** Empties the buffer at the position of the file; returns where it ended. */
        private long writeBuffer(long position) throws IOException {
            long next = position;
            buffer.flip();
            while (buffer.hasRemaining()) {
                next += channel.write(buffer, next);
            }
            buffer.clear();
            return next;
        }

        /** Data and length, not the times: fdatasync(2). */
        private void flush() throws IOException {
            if (sync == Sync.ALWAYS) {
                channel.force(false);
            }
        }
    }
}
