package dev.countersign.core.sql;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An open file, and its identity (device and inode) when it was opened. The identity shows whether the name now belongs
 * to another file.
 *
 * @param identity empty if the file system has no inodes; then changes go unnoticed
 */
record OpenedFile(Path path, Optional<Object> identity) {

    private static final Logger log = LoggerFactory.getLogger(OpenedFile.class);

    static OpenedFile of(Path path) throws IOException {
        Optional<Object> identity = identity(path);
        if (identity.isEmpty()) {
            log.info("{}: this file system has no inodes; the server can't notice that somebody removes a file", path);
        }
        return new OpenedFile(path, identity);
    }

    /**
     * Takes 2 microseconds.
     *
     * @throws IOException if the name is gone or belongs to another file
     */
    void requireInPlace() throws IOException {
        if (identity.isEmpty()) {
            return;
        }
        try {
            if (identity(path).equals(identity)) {
                return;
            }
        } catch (NoSuchFileException e) {
            throw new IOException(path + " was removed while the server runs. Put that very file back, or restart.", e);
        }
        throw new IOException(path + " was replaced while the server runs. Put the former file back, or restart.");
    }

    private static Optional<Object> identity(Path path) throws IOException {
        return Optional.ofNullable(
                Files.readAttributes(path, BasicFileAttributes.class).fileKey());
    }
}
