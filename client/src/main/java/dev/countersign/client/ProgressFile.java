package dev.countersign.client;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * A file that records which request a run is about to send. It is on disk before the request goes out, so that the next
 * run can send the same request again. For use by one thread; a lock keeps other processes out.
 */
final class ProgressFile implements AutoCloseable {

    /**
     * All lines before {@code line} are logged, and a request with the next ones is in flight.
     *
     * @param line counted from 1
     * @param lines in the request; 0 if there is none
     * @param key of the request; empty if there is none
     */
    record Position(long line, int lines, String key) {
        static final Position START = new Position(1, 0, "");
    }

    private final Path file;
    private final String id;
    private final FileChannel lock;

    /** @throws IOException if the file can't be written, or another run uses it; the message says what to do */
    ProgressFile(Path file, String id) throws IOException {
        this.file = file.toAbsolutePath();
        this.id = id;
        lock = CredentialsFile.openLock(CredentialsFile.sibling(this.file, ".lock"));
        try {
            if (lock.tryLock() != null) {
                return;
            }
        } catch (OverlappingFileLockException e) {
            // this process has the lock
        }
        lock.close();
        throw new IOException(file + " is in use by another run");
    }

    /** @throws IOException if the file is something else, or another id's; the message says what to do */
    Position read() throws IOException {
        if (!Files.exists(file)) {
            return Position.START;
        }
        Members members = Members.parse(Files.readAllBytes(file));
        try {
            members.text("id").filter(id::equals).orElseThrow();
            return new Position(
                    Long.parseLong(members.text("line").orElseThrow()),
                    Integer.parseInt(members.text("lines").orElseThrow()),
                    members.text("key").orElseThrow());
        } catch (RuntimeException e) {
            throw new IOException(
                    file + " is not the progress of " + id
                            + ": choose another file, or remove it to start from the first line",
                    e);
        }
    }

    /**
     * Replaces the content of the file; returns when it is on disk.
     *
     * @throws UncheckedIOException if that fails; unchecked, so that it isn't taken for a failure of the input
     */
    void write(Position position) {
        JsonObject json = new JsonObject();
        json.addProperty("id", id);
        json.addProperty("line", Long.toString(position.line));
        json.addProperty("lines", Integer.toString(position.lines));
        json.addProperty("key", position.key);
        try {
            CredentialsFile.replace(file, CredentialsFile.sibling(file, ".new"), json, StandardCopyOption.ATOMIC_MOVE);
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    @Override
    public void close() throws IOException {
        lock.close();
    }
}
