package dev.countersign.core.file;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A file of the log that is no longer written to: one that the server named, or that logrotate made of the active one.
 *
 * @param first receipt that it begins with, perhaps
 * @param last receipt that its name tells, where it does
 * @param copy orders files of the same receipts
 */
record StoredFile(Path path, long first, Optional<Long> last, int copy) {

    /** By the server: {@code messages-FIRST-LAST.jsonl}, which sort by receipt; somebody may have added to the name. */
    private static final Pattern NAMED =
            Pattern.compile("messages-(0?\\d{16,18})-(0?\\d{16,18})(?:\\.(\\d{1,9}))?\\.jsonl(?:\\.gz)?(.*)");

    private static final Pattern ROTATED = Pattern.compile("messages[-.0-9]*\\.jsonl[-.0-9]*(\\.gz)?");
    private static final Comparator<StoredFile> ORDER = Comparator.comparingLong(StoredFile::first)
            .thenComparingLong(file -> file.last.orElse(Long.MAX_VALUE))
            .thenComparingInt(StoredFile::copy);

    /** Renames the active file for its first and last receipt; never over a name that exists. */
    static Path setAside(Disk disk, Path active, long first, long last) throws IOException {
        String receipts = String.format(Locale.ROOT, "messages-%019d-%019d", first, Math.max(first, last));
        Path aside = active.resolveSibling(receipts + ".jsonl");
        for (int copy = 2;
                disk.stat(aside).isPresent() || disk.stat(packed(aside)).isPresent();
                copy++) {
            aside = active.resolveSibling(receipts + "." + copy + ".jsonl"); // set aside with the same lines before
        }
        disk.rename(active, aside);
        return aside;
    }

    /** The greatest receipt that the names in the log's folder tell, packed files included. */
    static long lastReceipt(Disk disk, Path active) throws IOException {
        return disk.list(active.getParent()).stream()
                .map(StoredFile::name)
                .filter(Matcher::matches)
                .mapToLong(name -> Long.parseLong(name.group(2)))
                .max()
                .orElse(0);
    }

    /** Whether it is the active file, or one that the server renamed or packed, by its name. */
    static boolean isOfLog(Path file) {
        String name = file.getFileName().toString();
        return name.startsWith("messages") && (name.endsWith(".jsonl") || name.endsWith(".jsonl.gz"));
    }

    /** Whether it is one that the server or logrotate renamed or packed, by its name. */
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
     * Those that were written before a file that was active when it was opened, in order: what a roll has added since is
     * left out, as the opened file comes before it.
     */
    static List<StoredFile> before(Path active, Optional<LogLines> opened) throws IOException {
        long end = opened.isPresent() ? opened.get().firstReceipt() : 0;
        Set<Path> names = rotated(active);
        long newest = sorted(names).stream().mapToLong(StoredFile::first).max().orElse(0);
        names.addAll(rotated(active)); // a list misses a file that is renamed meanwhile, for it was packed
        return sorted(names).stream()
                .filter(file -> file.first <= newest && (end == 0 || file.first < end))
                .toList();
    }

    private static Set<Path> rotated(Path active) throws IOException {
        Set<Path> found = new HashSet<>();
        try (Stream<Path> files = Files.list(active.getParent())) {
            files.filter(file -> !file.equals(active) && isRotated(file)).forEach(found::add);
        } catch (NoSuchFileException e) {
            // nothing was logged yet
        }
        return found;
    }

    /** These files, in order of their receipts. Where one is there packed and unpacked, the unpacked one counts. */
    static List<StoredFile> sorted(Collection<Path> files) throws IOException {
        Set<Path> names = new HashSet<>(files);
        List<StoredFile> sorted = new ArrayList<>();
        for (Path file : names) {
            String name = file.toString();
            boolean isPackedTwin =
                    name.endsWith(".gz") && names.contains(Path.of(name.substring(0, name.length() - ".gz".length())));
            if (!isPackedTwin) {
                of(file).ifPresent(sorted::add);
            }
        }
        sorted.sort(ORDER);
        return sorted;
    }

    static Optional<StoredFile> of(Path file) {
        Matcher name = name(file);
        if (isNamed(name)) {
            int copy = name.group(3) == null ? 1 : Integer.parseInt(name.group(3));
            return Optional.of(new StoredFile(
                    file, Long.parseLong(name.group(1)), Optional.of(Long.parseLong(name.group(2))), copy));
        }
        try {
            Optional<LogLines> found = LogLines.open(file);
            if (found.isEmpty()) {
                return Optional.empty();
            }
            try (LogLines lines = found.get()) {
                return Optional.of(new StoredFile(file, lines.firstReceipt(), Optional.empty(), 1));
            }
        } catch (IOException e) {
            return Optional.of(new StoredFile(file, 0, Optional.empty(), 1)); // whoever reads it will say so
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

    /** Opens it, if it is there still, be it packed by now. */
    Optional<LogLines> open() throws IOException {
        Optional<LogLines> found = LogLines.open(path);
        return found.isPresent() ? found : LogLines.open(packed(path));
    }

    /** As its name tells, or its end; 0 where there is none. */
    long lastReceipt() throws IOException {
        if (last.isPresent()) {
            return last.get();
        }
        Optional<LogLines> found = open();
        if (found.isEmpty()) {
            return 0;
        }
        try (LogLines lines = found.get()) {
            return lines.last().receipt();
        }
    }
}
