package dev.countersign.core.file;

import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;

import dev.countersign.core.Home;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The file system of this machine.
 *
 * @param sharedFolder the folder in which the group can read new files, if there is one
 */
record LocalDisk(Optional<Path> sharedFolder) implements Disk {

    private static final int MAX_WRITE_BYTES = 4 * 1024 * 1024;

    LocalDisk() {
        this(Optional.empty());
    }

    @Override
    public Handle open(Path file, Mode mode) throws IOException {
        return new LocalHandle(
                switch (mode) {
                    case READ -> FileChannel.open(file, READ);
                    case POSITIONED -> FileChannel.open(file, READ, WRITE);
                    case APPEND -> FileChannel.open(file, WRITE, APPEND);
                });
    }

    @Override
    public void create(Path file) throws IOException {
        Home.createNewFile(file);
        if (sharedFolder.equals(Optional.of(file.getParent()))) {
            Home.letGroupRead(file);
        }
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        Files.move(from, to); // without REPLACE_EXISTING: refuses an existing name
    }

    @Override
    public void replace(Path from, Path to) throws IOException {
        Files.move(from, to.toRealPath(), StandardCopyOption.ATOMIC_MOVE); // of a link, what it leads to
    }

    @Override
    public void delete(Path file) throws IOException {
        Files.deleteIfExists(file);
    }

    @Override
    public List<Path> list(Path folder) throws IOException {
        try (Stream<Path> names = Files.list(folder)) {
            return names.toList();
        }
    }

    @Override
    public void flushFolder(Path folder) throws IOException {
        Home.flushFolder(folder);
    }

    @Override
    public Optional<Stat> stat(Path file) throws IOException {
        try {
            BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
            return Optional.of(new Stat(Objects.requireNonNullElse(attributes.fileKey(), UNKNOWN), attributes.size()));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    @Override
    public long freeBytes(Path folder) {
        return folder.toFile().getUsableSpace(); // a FileStore would read the table of mounts each time
    }

    private record LocalHandle(FileChannel channel) implements Handle {

        @Override
        public int read(ByteBuffer target, long position) throws IOException {
            return channel.read(target, position);
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            for (long next = position; source.hasRemaining(); ) {
                int end = limitToPart(source);
                try {
                    next += channel.write(source, next);
                } finally {
                    source.limit(end);
                }
            }
        }

        @Override
        public void append(ByteBuffer source) throws IOException {
            int end = limitToPart(source);
            try {
                channel.write(source);
            } finally {
                source.limit(end);
            }
        }

        /** Java copies each part from the heap to memory that it does not give back. Returns the former limit. */
        private static int limitToPart(ByteBuffer source) {
            int end = source.limit();
            source.limit(Math.min(end, source.position() + MAX_WRITE_BYTES));
            return end;
        }

        @Override
        public void force() throws IOException {
            channel.force(false);
        }

        @Override
        public void truncate(long length) throws IOException {
            channel.truncate(length);
        }

        @Override
        public long length() throws IOException {
            return channel.size();
        }

        @Override
        public void close() throws IOException {
            channel.close();
        }
    }
}
