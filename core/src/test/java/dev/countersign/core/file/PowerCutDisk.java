package dev.countersign.core.file;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;

/**
 * A disk in memory that knows what a power cut leaves: what was flushed, plus any part of what was not. It also fails and
 * kills when it is told to.
 *
 * <p>Of a page (4 KiB) that was written since the file's last flush, the cut leaves any of its states since then, or, in
 * 512-byte sectors, a mixture of two; of a page that the file did not have when it was flushed, perhaps zeros. Pages,
 * lengths and files are independent of each other. Of the names of a folder it leaves the changes up to any one since the
 * folder's last flush. A flush that fails leaves some of the pages on the disk, and calls all of them clean: a later
 * flush does nothing for them.
 */
final class PowerCutDisk implements Disk {

    static final int PAGE_BYTES = 4096;
    private static final int SECTOR_BYTES = 512;
    private static final byte[] ZEROS = new byte[PAGE_BYTES];

    /** Called before each operation that changes something or flushes; may throw. */
    interface Observer {
        void before(String operation, Path path) throws IOException;
    }

    /** The process died here. */
    static final class Killed extends Error {
        private static final long serialVersionUID = 1;
    }

    private final Random random;
    private final Map<Path, Content> names = new TreeMap<>();
    private final Map<Path, Content> durableNames = new TreeMap<>();
    private final Map<Path, List<Runnable>> pendingNames = new HashMap<>();
    private Observer observer = (operation, path) -> {};
    private long room = Long.MAX_VALUE;

    PowerCutDisk(Random random) {
        this.random = random;
    }

    void observe(Observer next) {
        observer = next;
    }

    /** From now on there is room for so many appended bytes. */
    void fillUpAfter(long bytes) {
        room = bytes;
    }

    @Override
    public long freeBytes(Path folder) {
        return room;
    }

    private static final class Content {
        byte[] cache = new byte[0];
        int length;
        byte[] durable = new byte[0];
        int durableLength;
        final Map<Integer, List<byte[]>> states = new TreeMap<>(); // of a page since the last flush
        final List<Integer> lengths = new ArrayList<>();

        byte[] page(int number) {
            return Arrays.copyOfRange(cache, number * PAGE_BYTES, (number + 1) * PAGE_BYTES);
        }

        void write(ByteBuffer source, int position) {
            int bytes = source.remaining();
            cache = grown(cache, position + bytes);
            source.get(cache, position, bytes);
            if (position + bytes > length) {
                length = position + bytes;
                lengths.add(length);
            }
            for (int page = position / PAGE_BYTES; bytes > 0 && page <= (position + bytes - 1) / PAGE_BYTES; page++) {
                states.computeIfAbsent(page, none -> new ArrayList<>()).add(page(page));
            }
        }

        void truncate(int to) {
            if (to < length) {
                Arrays.fill(cache, to, length, (byte) 0);
                for (int page = to / PAGE_BYTES; page <= (length - 1) / PAGE_BYTES; page++) {
                    states.computeIfAbsent(page, none -> new ArrayList<>()).add(page(page));
                }
                length = to;
                lengths.add(length);
            }
        }

        void flushed() {
            durable = grown(durable, cache.length);
            for (int page : states.keySet()) {
                System.arraycopy(cache, page * PAGE_BYTES, durable, page * PAGE_BYTES, PAGE_BYTES);
            }
            durableLength = length;
            states.clear();
            lengths.clear();
        }

        /** What a cut now leaves of it. */
        void cut(Random random, Content left) {
            left.durable = grown(durable.clone(), cache.length);
            states.forEach((page, since) -> {
                for (int sector = 0; sector < PAGE_BYTES; ) {
                    byte[] state = state(page, since, random);
                    int sectors = random.nextInt(3) > 0 ? PAGE_BYTES / SECTOR_BYTES : 1 + random.nextInt(8);
                    int bytes = Math.min(sectors * SECTOR_BYTES, PAGE_BYTES - sector);
                    System.arraycopy(state, sector, left.durable, page * PAGE_BYTES + sector, bytes);
                    sector += bytes;
                }
            });
            int choice = random.nextInt(lengths.size() + 1);
            left.durableLength = choice == 0 ? durableLength : lengths.get(choice - 1);
            if (random.nextBoolean() && !lengths.isEmpty()) {
                left.durableLength = lengths.get(lengths.size() - 1);
            }
            left.durable = grown(left.durable, left.durableLength);
            Arrays.fill(left.durable, left.durableLength, left.durable.length, (byte) 0);
        }

        private byte[] state(int page, List<byte[]> since, Random random) {
            int choice = random.nextInt(2 + since.size());
            if (choice < since.size()) {
                return since.get(choice);
            }
            if (choice == since.size()) {
                return since.get(since.size() - 1);
            }
            int start = page * PAGE_BYTES;
            return start < durable.length ? Arrays.copyOfRange(durable, start, start + PAGE_BYTES) : ZEROS;
        }

        private static byte[] grown(byte[] bytes, int needed) {
            if (needed <= bytes.length) {
                return bytes;
            }
            int pages = (needed + PAGE_BYTES - 1) / PAGE_BYTES;
            return Arrays.copyOf(
                    bytes, Math.max(pages * PAGE_BYTES, Math.min(bytes.length * 2, bytes.length + (1 << 20))));
        }
    }

    /** What a power cut now leaves, with a new seed. */
    PowerCutDisk powerCut(long seed) {
        Random choices = new Random(seed);
        Map<Content, Content> left = new HashMap<>();
        PowerCutDisk after = new PowerCutDisk(choices);
        Map<Path, Content> cutNames = new TreeMap<>(durableNames);
        pendingNames.forEach((folder, changes) -> {
            Map<Path, Content> before = new TreeMap<>(durableNames);
            int kept = choices.nextInt(3) == 0 ? changes.size() : choices.nextInt(changes.size() + 1);
            changes.subList(0, kept).forEach(Runnable::run); // they change durableNames
            cutNames.keySet().removeIf(path -> path.getParent().equals(folder));
            durableNames.forEach((path, content) -> {
                if (path.getParent().equals(folder)) {
                    cutNames.put(path, content);
                }
            });
            durableNames.clear();
            durableNames.putAll(before);
        });
        cutNames.forEach((path, content) -> {
            Content cut = left.computeIfAbsent(content, each -> {
                Content made = new Content();
                each.cut(choices, made);
                made.cache = made.durable.clone();
                made.length = made.durableLength;
                return made;
            });
            after.names.put(path, cut);
            after.durableNames.put(path, cut);
        });
        return after;
    }

    private void name(Path folder, Runnable change) {
        pendingNames.computeIfAbsent(folder, none -> new ArrayList<>()).add(change);
    }

    private Content content(Path file) throws IOException {
        Content content = names.get(file);
        if (content == null) {
            throw new NoSuchFileException(file.toString());
        }
        return content;
    }

    @Override
    public Handle open(Path file, Mode mode) throws IOException {
        return new MemoryHandle(file, content(file));
    }

    @Override
    public void create(Path file) throws IOException {
        observer.before("create", file);
        if (names.containsKey(file)) {
            throw new FileAlreadyExistsException(file.toString());
        }
        Content content = new Content();
        names.put(file, content);
        name(file.getParent(), () -> durableNames.put(file, content));
    }

    @Override
    public void rename(Path from, Path to) throws IOException {
        observer.before("rename", to);
        if (names.containsKey(to)) {
            throw new FileAlreadyExistsException(to.toString());
        }
        Content content = content(from);
        names.remove(from);
        names.put(to, content);
        name(from.getParent(), () -> {
            durableNames.remove(from);
            durableNames.put(to, content);
        });
    }

    @Override
    public void delete(Path file) throws IOException {
        if (names.containsKey(file)) {
            observer.before("delete", file);
            names.remove(file);
            name(file.getParent(), () -> durableNames.remove(file));
        }
    }

    @Override
    public List<Path> list(Path folder) {
        return names.keySet().stream()
                .filter(path -> path.getParent().equals(folder))
                .toList();
    }

    @Override
    public void flushFolder(Path folder) throws IOException {
        try {
            observer.before("flush folder", folder);
        } catch (LeftOut e) {
            return;
        }
        pendingNames.getOrDefault(folder, List.of()).forEach(Runnable::run);
        pendingNames.remove(folder);
    }

    @Override
    public Optional<Stat> stat(Path file) {
        return Optional.ofNullable(names.get(file)).map(content -> new Stat(content, content.length));
    }

    byte[] read(Path file) throws IOException {
        Content content = content(file);
        return Arrays.copyOf(content.cache, content.length);
    }

    /** Writes over a part of a file as somebody else does, also on the disk. */
    void overwrite(Path file, int position, byte[] bytes) throws IOException {
        content(file).write(ByteBuffer.wrap(bytes), position);
        content(file).flushed();
    }

    /** What {@link Observer} throws to leave a flush out that seems to succeed. */
    static final class LeftOut extends IOException {
        private static final long serialVersionUID = 1;
    }

    private final class MemoryHandle implements Handle {

        private final Path path;
        private final Content content;

        MemoryHandle(Path path, Content content) {
            this.path = path;
            this.content = content;
        }

        @Override
        public int read(ByteBuffer target, long position) {
            int bytes = Math.min(target.remaining(), content.length - (int) position);
            if (bytes <= 0) {
                return -1;
            }
            target.put(content.cache, (int) position, bytes);
            return bytes;
        }

        @Override
        public void write(ByteBuffer source, long position) throws IOException {
            observer.before("write", path);
            content.write(source, (int) position);
        }

        @Override
        public void append(ByteBuffer source) throws IOException {
            observer.before("append", path);
            int bytes = (int) Math.min(source.remaining(), room);
            if (bytes == 0 && source.hasRemaining()) {
                throw new IOException("No space left on device");
            }
            room -= bytes;
            content.write(source.slice(source.position(), bytes), content.length);
            source.position(source.position() + bytes);
        }

        @Override
        public void force() throws IOException {
            try {
                observer.before("flush", path);
            } catch (LeftOut e) {
                return;
            } catch (IOException e) {
                content.cut(random, content);
                content.states.clear();
                content.lengths.clear();
                throw e;
            }
            content.flushed();
        }

        @Override
        public void truncate(long length) throws IOException {
            observer.before("truncate", path);
            content.truncate((int) length);
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
