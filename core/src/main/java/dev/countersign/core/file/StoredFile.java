package dev.countersign.core.file;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
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

    private static final Pattern NAMED =
            Pattern.compile("messages-(0?\\d{16,18})-(0?\\d{16,18})(?:\\.(\\d{1,9}))?\\.jsonl(\\.gz)?");
    private static final Pattern ROTATED = Pattern.compile("messages[-.0-9]*\\.jsonl[-.0-9]*(\\.gz)?");
    private static final Comparator<StoredFile> ORDER = Comparator.comparingLong(StoredFile::first)
            .thenComparingLong(file -> file.last.orElse(Long.MAX_VALUE))
            .thenComparingInt(StoredFile::copy);

    /** Those beside the active file, in order. Where a file is there packed and unpacked, the unpacked one counts. */
    static List<StoredFile> beside(Path active) throws IOException {
        try (Stream<Path> files = Files.list(active.getParent())) {
            return sorted(files.filter(file -> !file.equals(active)
                            && ROTATED.matcher(file.getFileName().toString()).matches())
                    .toList());
        } catch (NoSuchFileException e) {
            return List.of();
        }
    }

    /** These files, in order of their receipts. */
    static List<StoredFile> sorted(List<Path> files) throws IOException {
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
        Matcher name = NAMED.matcher(String.valueOf(file.getFileName()));
        if (name.matches()) {
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
                return Optional.of(
                        new StoredFile(file, lines.nextMessage() ? lines.line().receipt() : 0, Optional.empty(), 1));
            }
        } catch (IOException e) {
            return Optional.of(new StoredFile(file, 0, Optional.empty(), 1)); // whoever reads it will say so
        }
    }

    boolean isPacked() {
        return path.toString().endsWith(".gz");
    }

    /** Opens it, if it is there still, be it packed by now. */
    Optional<LogLines> open() throws IOException {
        Optional<LogLines> found = LogLines.open(path);
        return found.isPresent() ? found : LogLines.open(Path.of(path + ".gz"));
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
