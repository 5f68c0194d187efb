package dev.countersign.core.file;

import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * A log file that is no longer written to: the server renamed it, or logrotate made it from the active one.
 *
 * @param first its first receipt, as far as known
 * @param last the last receipt in its name, if there is one
 * @param copy orders files with the same receipts
 */
record StoredFile(Path path, long first, Optional<Long> last, int copy) {

    static final String ENDING = ".jsonl";

    /** Of a file that is kept, but no longer read as part of the log. */
    static final String UNREAD_ENDING = ".jsonl.truncated";

    /** The server's names, {@code messages-FIRST-LAST.jsonl}, sort by receipt; somebody may have added to the name. */
    private static final Pattern NAMED =
            Pattern.compile("messages-(0?\\d{16,18})-(0?\\d{16,18})(?:\\.(\\d{1,9}))?\\.jsonl(?:\\.gz)?(.*)");

    private static final Pattern ROTATED = Pattern.compile("messages[-.0-9]*\\.jsonl[-.0-9]*(\\.gz)?");
    private static final Comparator<StoredFile> ORDER = Comparator.comparingLong(StoredFile::first)
            .thenComparingLong(file -> file.last.orElse(Long.MAX_VALUE))
            .thenComparingInt(StoredFile::copy);

    /** Renames the active file after its first and last receipt; never replaces a file. */
    static Path setAside(Disk disk, Path active, long first, long last, String ending) throws IOException {
        String receipts = String.format(Locale.ROOT, "messages-%019d-%019d", first, Math.max(first, last));
        Path aside = active.resolveSibling(receipts + ending);
        for (int copy = 2;
                disk.stat(aside).isPresent() || disk.stat(packed(aside)).isPresent();
                copy++) {
            aside = active.resolveSibling(receipts + "." + copy + ending); // a file with the same receipts exists
        }
        disk.rename(active, aside);
        return aside;
    }

    /** The highest receipt in the file names of the log's folder, including compressed files. */
    static long lastReceipt(Disk disk, Path active) throws IOException {
        return disk.list(active.getParent()).stream()
                .map(StoredFile::name)
                .filter(Matcher::matches)
                .mapToLong(name -> Long.parseLong(name.group(2)))
                .max()
                .orElse(0);
    }

    /** Whether this is the name of the active file, or of one that the server or logrotate renamed or compressed. */
    static boolean isRotated(Path file) {
        return ROTATED.matcher(file.getFileName().toString()).matches();
    }

    /** Those that the server named, in order. */
    static List<StoredFile> named(Disk disk, Path active) throws IOException {
        return sorted(disk.list(active.getParent()).stream()
                .filter(file -> isNamed(name(file)))
                .toList());
    }

    /**
     * The files from before the opened active file, in order. Leaves out files that were rolled after it was opened.
     */
    static List<StoredFile> before(Path active, Optional<LogLines> opened) throws IOException {
        Set<Path> names = new HashSet<>(rotated(active));
        names.addAll(rotated(active)); // listing can miss a file that is renamed meanwhile to be compressed
        long end = opened.isPresent() ? opened.get().firstReceipt() : 0; // it may have been empty until now
        return sorted(names).stream()
                .filter(file -> end == 0 || file.first < end)
                .toList();
    }

    private static List<Path> rotated(Path active) throws IOException {
        try {
            return LogLines.DISK.list(active.getParent()).stream()
                    .filter(file -> !file.equals(active) && isRotated(file))
                    .toList();
        } catch (NoSuchFileException e) {
            return List.of(); // nothing was logged yet
        }
    }

    /**
     * These files in the order of their receipts. If a file exists both compressed and not, the uncompressed one
     * counts.
     */
    static List<StoredFile> sorted(Collection<Path> files) {
        Set<Path> packed = files.stream().map(StoredFile::packed).collect(Collectors.toSet());
        return files.stream()
                .distinct()
                .filter(file -> !packed.contains(file))
                .flatMap(file -> of(file).stream())
                .sorted(ORDER)
                .toList();
    }

    static Optional<StoredFile> of(Path file) {
        Matcher name = name(file);
        if (isNamed(name)) {
            int copy = name.group(3) == null ? 1 : Integer.parseInt(name.group(3));
            return Optional.of(new StoredFile(
                    file, Long.parseLong(name.group(1)), Optional.of(Long.parseLong(name.group(2))), copy));
        }
        try (LogLines lines = new LogLines(LogLines.DISK, file, Disk.Mode.READ)) {
            return Optional.of(new StoredFile(file, lines.firstReceipt(), Optional.empty(), 1));
        } catch (NoSuchFileException e) {
            return Optional.empty();
        } catch (IOException e) {
            return Optional.of(new StoredFile(file, 0, Optional.empty(), 1)); // its reader will report the problem
        }
    }

    private static Matcher name(Path file) {
        return NAMED.matcher(String.valueOf(file.getFileName()));
    }

    private static boolean isNamed(Matcher name) {
        return name.matches() && name.group(4).isEmpty();
    }

    static boolean isPacked(Path file) {
        return file.toString().endsWith(".gz");
    }

    static Path packed(Path file) {
        return Path.of(file + ".gz");
    }

    /** Opens the file, which may be compressed by now; empty if it is gone. */
    Optional<LogLines> open() throws IOException {
        Optional<LogLines> found = LogLines.open(path);
        return found.isPresent() ? found : LogLines.open(packed(path));
    }

    /** The last receipt, from the file's name or its end; 0 if there is none. */
    long lastReceipt() throws IOException {
        return last.isPresent()
                ? last.get()
                : lastMessage().map(LogLines.Last::receipt).orElse(0L);
    }

    /** The end of its last complete request; empty if the file is gone. Reads all of a compressed file. */
    Optional<LogLines.Last> lastMessage() throws IOException {
        Optional<LogLines> found = open();
        if (found.isEmpty()) {
            return Optional.empty();
        }
        try (LogLines lines = found.get()) {
            return Optional.of(lines.last());
        }
    }
}
