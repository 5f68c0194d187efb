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
 * What a run over an input is about to send, on disk before it goes out, so that the next run can send the same again. For
 * one thread and, by a lock, one process.
 */
final class ProgressFile implements AutoCloseable {

    /**
     * All lines before this one are logged, and a request with the next few is under way.
     *
     * @param line from 1
     * @param lines 0 where none is under way
     * @param key the request's; empty where none is under way
     */
    record Position(long line, int lines, String key) {
        static final Position START = new Position(1, 0, "");
    }

    private final Path file;
    private final String id;
    private final FileChannel lock;

    /** @throws IOException where it can't be written, or another run has it; says what to do */
    ProgressFile(Path file, String id) throws IOException {
        this.file = file.toAbsolutePath();
        this.id = id;
        lock = CredentialsFile.openLock(CredentialsFile.sibling(this.file, ".lock"));
        try {
            if (lock.tryLock() != null) {
                return;
            }
        } catch (OverlappingFileLockException e) {
            // by this process
        }
        lock.close();
        throw new IOException(file + " is in use by another run");
    }

    /** @throws IOException where the file is something else, or another id's; says what to do */
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
                    file + " is not the progress of " + id + ": choose another file, or remove it to begin anew", e);
        }
    }

    /**
     * Returns once this is on disk, in place of what the file held.
     *
     * @throws UncheckedIOException where it can't be; not to be taken for a failure of the input
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
