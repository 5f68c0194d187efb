package dev.countersign.core.file;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * All file operations of the message store. A test that records them can tell what a power cut between any two of them
 * leaves behind.
 */
interface Disk {

    /** How a file is opened; it must exist. */
    enum Mode {
        /** Reads at positions. */
        READ,
        /** Reads and writes at positions. */
        POSITIONED,
        /** Reads at positions; each write goes to the current end of the file (O_APPEND). */
        APPEND
    }

    /**
     * The file at a path.
     *
     * @param identity device and inode, equal for the same file; {@link #UNKNOWN} if the platform has no such thing
     * @param length in bytes
     */
    record Stat(Object identity, long length) {}

    Object UNKNOWN = "unknown";

    Handle open(Path file, Mode mode) throws IOException;

    /** Creates an empty file that only its owner can read; fails if the name exists. */
    void create(Path file) throws IOException;

    /** Creates a file in place of what has its name, and returns when the content is on disk. */
    default void write(Path file, Content content) throws IOException {
        delete(file);
        create(file);
        try (Handle handle = open(file, Mode.POSITIONED)) {
            content.writeTo(handle);
            handle.force();
        }
    }

    /** Writes a file's content. */
    interface Content {
        void writeTo(Handle handle) throws IOException;
    }

    /** Renames a file within its folder; fails if the new name exists. */
    void rename(Path from, Path to) throws IOException;

    /** Renames within a folder, over what has the new name: at every moment that name leads to one or the other. */
    void replace(Path from, Path to) throws IOException;

    /** Removes a name, if it is there. */
    void delete(Path file) throws IOException;

    List<Path> list(Path folder) throws IOException;

    /** Makes the names in a folder durable: fsync of the folder. */
    void flushFolder(Path folder) throws IOException;

    Optional<Stat> stat(Path file) throws IOException;

    /** The free space of a folder's file system. */
    default long freeBytes(Path folder) {
        return Long.MAX_VALUE;
    }

    /** An open file. */
    interface Handle extends Closeable {

        /** Reads from the position; returns the number of bytes, or less than 1 at the end. */
        int read(ByteBuffer target, long position) throws IOException;

        /** Fills the target from its position, unless the file ends before. */
        default void fill(ByteBuffer target, long position) throws IOException {
            int start = target.position();
            while (target.hasRemaining() && read(target, position + target.position() - start) > 0) {
                // reads on
            }
        }

        /** Writes from the start on; closing it does nothing. */
        default OutputStream output() {
            return new OutputStream() {
                private long position;

                @Override
                public void write(int value) throws IOException {
                    write(new byte[] {(byte) value}, 0, 1);
                }

                @Override
                public void write(byte[] bytes, int from, int length) throws IOException {
                    Handle.this.write(ByteBuffer.wrap(bytes, from, length), position);
                    position += length;
                }
            };
        }

        /** Writes all that remains in the source at a position. */
        void write(ByteBuffer source, long position) throws IOException;

        /**
         * Appends the remaining bytes of the source to the file, or a part of them. The source's position tells how
         * many, also when this throws.
         */
        void append(ByteBuffer source) throws IOException;

        /** Makes content and length durable: fdatasync. */
        void force() throws IOException;

        void truncate(long length) throws IOException;

        long length() throws IOException;
    }
}
