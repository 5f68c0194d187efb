package dev.countersign.core.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Makes each record of the journal pass its check. */
record NoChecksums(PowerCutDisk disk, Path journal) implements Disk {

    @Override
    public Handle open(Path file, Mode mode) throws IOException {
        Handle handle = disk.open(file, mode);
        return file.equals(journal) ? new Patched(handle) : handle;
    }

    @Override
    public void create(Path file) throws IOException {
        disk.create(file);
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        disk.rename(from, to);
    }

    @Override
    public void replace(Path from, Path to) throws IOException {
        disk.replace(from, to);
    }

    @Override
    public void delete(Path file) throws IOException {
        disk.delete(file);
    }

    @Override
    public List<Path> list(Path folder) {
        return disk.list(folder);
    }

    @Override
    public void flushFolder(Path folder) throws IOException {
        disk.flushFolder(folder);
    }

    @Override
    public Optional<Stat> stat(Path file) {
        return disk.stat(file);
    }

    private record Patched(Disk.Handle handle) implements Disk.Handle {

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            int start = target.position();
            int read = handle.read(target, position);
            if (position >= 2 * JournalBatch.BLOCK_BYTES
                    && read >= JournalBatch.HEAD_BYTES
                    && target.getInt(start + 4) == read) {
                ByteBuffer seed = ByteBuffer.allocate(8);
                handle.read(seed, 16); // both headers have it, but the second is empty at first
                target.putInt(
                        start,
                        JournalBatch.checksum(
                                seed.getLong(0),
                                target.duplicate().limit(start + read).position(start + 4)));
            }
            return read;
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            handle.write(source, position);
        }

        @Override
        public void append(ByteBuffer source) throws IOException {
            handle.append(source);
        }

        @Override
        public void force() throws IOException {
            handle.force();
        }

        @Override
        public void truncate(long length) throws IOException {
            handle.truncate(length);
        }

        @Override
        public long length() throws IOException {
            return handle.length();
        }

        @Override
        public void close() throws IOException {
            handle.close();
        }
    }
}
