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
    private final Map<Path, List<State<Runnable>>> pendingNames = new HashMap<>();
    private long changes;
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

    /** A page, or a length, as a change left it; changes are numbered through all files. */
    private record State<T>(long change, T value) {}

    /** Pages are never changed, but replaced: a cut shares them. */
    private final class Content {
        byte[][] cache = {};
        int length;
        byte[][] durable = {};
        int durableLength;
        final Map<Integer, List<State<byte[]>>> states = new TreeMap<>(); // of a page since the last flush
        final List<State<Integer>> lengths = new ArrayList<>();

        void write(ByteBuffer source, int position) {
            int end = position + source.remaining();
            for (int at = position; at < end; ) {
                int number = at / PAGE_BYTES;
                int from = at % PAGE_BYTES;
                int bytes = Math.min(PAGE_BYTES - from, end - at);
                byte[] page = page(cache, number).clone();
                source.get(page, from, bytes);
                replace(number, page);
                at += bytes;
            }
            if (end > length) {
                setLength(end);
            }
        }

        private void replace(int number, byte[] page) {
            cache = with(cache, number, page);
            states.computeIfAbsent(number, none -> new ArrayList<>()).add(new State<>(++changes, page));
        }

        private void setLength(int to) {
            length = to;
            lengths.add(new State<>(++changes, to));
        }

        void truncate(int to) {
            if (to < length) {
                for (int number = to / PAGE_BYTES; number <= (length - 1) / PAGE_BYTES; number++) {
                    replace(number, zeroedFrom(to - number * PAGE_BYTES, page(cache, number)));
                }
                setLength(to);
            }
        }

        int read(ByteBuffer target, int position) {
            int bytes = Math.min(target.remaining(), length - position);
            for (int at = position; at < position + bytes; ) {
                int from = at % PAGE_BYTES;
                int some = Math.min(PAGE_BYTES - from, position + bytes - at);
                target.put(page(cache, at / PAGE_BYTES), from, some);
                at += some;
            }
            return bytes > 0 ? bytes : -1;
        }

        /** A flush that began after this change has succeeded. */
        void flushed(long change) {
            states.forEach(
                    (number, since) -> newest(since, change).ifPresent(page -> durable = with(durable, number, page)));
            newest(lengths, change).ifPresent(flushed -> durableLength = flushed);
            forgetPages(change);
            lengths.removeIf(each -> each.change <= change);
        }

        /**
         * A flush that began after this change has failed: parts are on the disk, and all pages are called clean. The
         * length is not: the next flush includes it.
         */
        void flushFailed(long change, Random choices) {
            cut(choices, change, this);
            forgetPages(change);
        }

        private void forgetPages(long change) {
            states.values().forEach(since -> since.removeIf(each -> each.change <= change));
            states.values().removeIf(List::isEmpty);
        }

        private static <T> Optional<T> newest(List<State<T>> since, long change) {
            Optional<T> newest = Optional.empty();
            for (State<T> each : since) {
                if (each.change <= change) {
                    newest = Optional.of(each.value);
                }
            }
            return newest;
        }

        /** What a cut leaves of it and of the changes up to this one. */
        void cut(Random choices, long change, Content left) {
            byte[][] pages = durable.clone();
            for (Map.Entry<Integer, List<State<byte[]>>> each : states.entrySet()) {
                List<byte[]> since = values(each.getValue(), change);
                if (!since.isEmpty()) {
                    pages = with(pages, each.getKey(), torn(page(durable, each.getKey()), since, choices));
                }
            }
            List<Integer> possible = values(lengths, change);
            int choice = choices.nextInt(possible.size() + 1);
            int leftLength = choice == 0 ? durableLength : possible.get(choice - 1);
            if (choices.nextBoolean() && !possible.isEmpty()) {
                leftLength = possible.get(possible.size() - 1);
            }
            int whole = leftLength / PAGE_BYTES;
            if (whole < pages.length) {
                pages[whole] = zeroedFrom(leftLength % PAGE_BYTES, page(pages, whole));
                Arrays.fill(pages, whole + 1, pages.length, ZEROS);
            }
            left.durable = pages;
            left.durableLength = leftLength;
        }

        private static <T> List<T> values(List<State<T>> since, long change) {
            return since.stream()
                    .filter(each -> each.change <= change)
                    .map(State::value)
                    .toList();
        }

        /** Sectors of the page on the disk (zeros where it has none) and of its states since. */
        private static byte[] torn(byte[] onDisk, List<byte[]> since, Random choices) {
            byte[] page = new byte[PAGE_BYTES];
            for (int sector = 0; sector < PAGE_BYTES; ) {
                int choice = choices.nextInt(2 + since.size());
                byte[] state = choice == since.size() + 1 ? onDisk : since.get(Math.min(choice, since.size() - 1));
                int sectors = choices.nextInt(3) > 0 ? PAGE_BYTES / SECTOR_BYTES : 1 + choices.nextInt(8);
                int bytes = Math.min(sectors * SECTOR_BYTES, PAGE_BYTES - sector);
                if (bytes == PAGE_BYTES) {
                    return state;
                }
                System.arraycopy(state, sector, page, sector, bytes);
                sector += bytes;
            }
            return page;
        }

        private static byte[] page(byte[][] pages, int number) {
            return number < pages.length && pages[number] != null ? pages[number] : ZEROS;
        }

        private static byte[][] with(byte[][] pages, int number, byte[] page) {
            byte[][] grown =
                    number < pages.length ? pages : Arrays.copyOf(pages, Math.max(number + 1, pages.length * 5 / 4));
            grown[number] = page;
            return grown;
        }

        private static byte[] zeroedFrom(int first, byte[] page) {
            int from = Math.max(0, first);
            if (Arrays.equals(page, from, PAGE_BYTES, ZEROS, from, PAGE_BYTES)) {
                return page;
            }
            byte[] zeroed = page.clone();
            Arrays.fill(zeroed, from, PAGE_BYTES, (byte) 0);
            return zeroed;
        }
    }

    /** What a power cut now leaves, with a new seed. */
    PowerCutDisk powerCut(long seed) {
        Random choices = new Random(seed);
        Map<Content, Content> left = new HashMap<>();
        PowerCutDisk after = new PowerCutDisk(choices);
        Map<Path, Content> cutNames = new TreeMap<>(durableNames);
        pendingNames.forEach((folder, pending) -> {
            Map<Path, Content> before = new TreeMap<>(durableNames);
            int kept = choices.nextInt(3) == 0 ? pending.size() : choices.nextInt(pending.size() + 1);
            pending.subList(0, kept).forEach(each -> each.value.run()); // they change durableNames
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
                Content made = after.new Content();
                each.cut(choices, Long.MAX_VALUE, made);
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
        pendingNames.computeIfAbsent(folder, none -> new ArrayList<>()).add(new State<>(++changes, change));
    }

    private Content content(Path file) throws IOException {
        Content content = names.get(file);
        if (content == null) {
            throw new NoSuchFileException(file.toString());
        }
        return content;
    }

    @Override
    public MemoryHandle open(Path file, Mode mode) throws IOException {
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
        move(from, to);
    }

    @Override
    public void replace(Path from, Path to) throws IOException {
        observer.before("replace", to);
        move(from, to);
    }

    private void move(Path from, Path to) throws IOException {
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
        folderFlushed(folder, changes);
    }

    /** A flush of the folder that began after this change has succeeded. */
    void folderFlushed(Path folder, long change) {
        List<State<Runnable>> pending = pendingNames.getOrDefault(folder, List.of());
        pending.stream().filter(each -> each.change <= change).forEach(each -> each.value.run());
        pendingNames.put(
                folder,
                new ArrayList<>(
                        pending.stream().filter(each -> each.change > change).toList()));
    }

    /** The number of the last change: what a flush that begins now includes. */
    long lastChange() {
        return changes;
    }

    @Override
    public Optional<Stat> stat(Path file) {
        return Optional.ofNullable(names.get(file)).map(content -> new Stat(content, content.length));
    }

    /** What is in a file, in pages that never change: two of the same pages have the same bytes. */
    record Pages(List<byte[]> pages, int length) {

        boolean isSame(Pages other) {
            if (length != other.length) {
                return false;
            }
            for (int i = 0; i < pages.size(); i++) {
                if (pages.get(i) != other.pages.get(i)) {
                    return false;
                }
            }
            return true;
        }
    }

    Pages pages(Path file) throws IOException {
        Content content = content(file);
        byte[][] pages = new byte[(content.length + PAGE_BYTES - 1) / PAGE_BYTES][];
        Arrays.setAll(pages, number -> Content.page(content.cache, number));
        return new Pages(List.of(pages), content.length);
    }

    byte[] read(Path file) throws IOException {
        ByteBuffer all = ByteBuffer.allocate(content(file).length);
        content(file).read(all, 0);
        return all.array();
    }

    /** Writes over a part of a file as somebody else does, also on the disk. */
    void overwrite(Path file, int position, byte[] bytes) throws IOException {
        content(file).write(ByteBuffer.wrap(bytes), position);
        content(file).flushed(changes);
    }

    /** What {@link Observer} throws to leave a flush out that seems to succeed. */
    static final class LeftOut extends IOException {
        private static final long serialVersionUID = 1;
    }

    final class MemoryHandle implements Handle {

        private final Path path;
        private final Content content;

        MemoryHandle(Path path, Content content) {
            this.path = path;
            this.content = content;
        }

        @Override
        public int read(ByteBuffer target, long position) {
            return content.read(target, (int) position);
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
                content.flushFailed(changes, random);
                throw e;
            }
            content.flushed(changes);
        }

        /** A flush that began after this change has ended. */
        void flushed(long change, boolean hasFailed) {
            if (hasFailed) {
                content.flushFailed(change, random);
            } else {
                content.flushed(change);
            }
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
