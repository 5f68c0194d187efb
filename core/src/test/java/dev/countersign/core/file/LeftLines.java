package dev.countersign.core.file;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongPredicate;
import java.util.function.Predicate;
import java.util.function.Supplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.GZIPInputStream;

/**
 * The lines that a power cut and the start after it have left, of texts without escapes. Most files, and most lines, are
 * the same in many images: each is parsed once. For one thread.
 */
final class LeftLines {

    private static final Pattern LINE =
            Pattern.compile("\\{\"receipt\":\"(\\d+)\",\"time\":\"([^\"\\x00]*)\",(?:\"id\":\"([^\"\\x00]*)\""
                    + "(?:,\"key\":\"([^\"\\x00]*)\")?(?:,\"part\":\"(\\d+)/(\\d+)\")?,\"message\":\"([^\"\\x00]*)\""
                    + "|\"erased\":true)\\}");

    /** The file that is being packed. */
    static final String UNFINISHED = "messages.gz.new";

    private final Path folder;
    private final Predicate<Path> mayBeTorn;
    private final Map<Line, Line> known = new HashMap<>();
    private final Map<String, Optional<Line>> parsed = new HashMap<>();
    private final Map<Path, InFile> inFiles = new HashMap<>();

    private record InFile(PowerCutDisk.Pages pages, List<Line> lines) {}

    /** One that was erased has an empty id, and is of no request. */
    record Line(long receipt, String time, String id, int part, int parts, String text) {

        Line erased() {
            return new Line(receipt, time, "", 1, 1, "");
        }

        boolean isErased() {
            return id.isEmpty();
        }
    }

    /** @param mayBeTorn tells the files that nobody mends any more */
    LeftLines(Path folder, Predicate<Path> mayBeTorn) {
        this.folder = folder;
        this.mayBeTorn = mayBeTorn;
    }

    private Optional<Line> parse(String line) {
        return parsed.computeIfAbsent(line, text -> {
            Matcher parts = LINE.matcher(text);
            return parts.matches() ? Optional.of(known(line(parts))) : Optional.empty();
        });
    }

    private static Line line(Matcher parts) {
        return new Line(
                Long.parseLong(parts.group(1)),
                parts.group(2),
                parts.group(3) == null ? "" : parts.group(3),
                parts.group(5) == null ? 1 : Integer.parseInt(parts.group(5)),
                parts.group(6) == null ? 1 : Integer.parseInt(parts.group(6)),
                parts.group(7) == null ? "" : parts.group(7));
    }

    /** The one object for equal lines, those found included: they are quickly compared. */
    Line known(Line line) {
        return known.computeIfAbsent(line, same -> same);
    }

    /** All lines by receipt; where one stands in two files, it is the same, or erased in one of them. */
    Map<Long, Line> in(PowerCutDisk image) throws IOException {
        Map<Long, Line> lines = new HashMap<>();
        for (Path file : image.list(folder)) {
            for (Line each : inFile(image, file)) {
                Line other = lines.getOrDefault(each.receipt, each);
                expect(
                        other.equals(each)
                                || (other.isErased() || each.isErased())
                                        && other.erased().equals(each.erased()),
                        () -> "receipt " + each.receipt + " names two lines");
                lines.put(each.receipt, other.isErased() ? each : other);
            }
        }
        return lines;
    }

    List<Line> inFile(PowerCutDisk image, Path file) throws IOException {
        if (isTwice(image, file) || file.toString().endsWith(StoredFile.UNREAD_ENDING)) {
            return List.of();
        }
        PowerCutDisk.Pages pages = image.pages(file);
        InFile known = inFiles.get(file);
        if (known == null || !known.pages.isSame(pages)) {
            known = new InFile(pages, parse(file, text(image, file)));
            inFiles.put(file, known);
        }
        return known.lines;
    }

    /** Of a packed file what was packed, unless it stands beside it. */
    static String text(PowerCutDisk image, Path file) throws IOException {
        if (isTwice(image, file)) {
            return "";
        }
        InputStream bytes = new ByteArrayInputStream(image.read(file));
        try (InputStream in = file.toString().endsWith(".gz") ? new GZIPInputStream(bytes) : bytes) {
            return new String(in.readAllBytes(), UTF_8);
        }
    }

    /** Whether its lines stand beside it. */
    private static boolean isTwice(PowerCutDisk image, Path file) {
        return file.endsWith(UNFINISHED)
                || file.toString().endsWith(".gz") && image.stat(unpacked(file)).isPresent();
    }

    static Path unpacked(Path packed) {
        return Path.of(packed.toString().replaceFirst("\\.gz$", ""));
    }

    private List<Line> parse(Path file, String text) {
        boolean torn = mayBeTorn.test(file);
        expect(torn || text.isEmpty() || text.endsWith("\n"), () -> file + " ends in half a line");
        List<Line> lines = new ArrayList<>();
        for (String each : text.isEmpty() ? new String[0] : text.split("\n")) {
            Optional<Line> line = parse(each);
            expect(torn || line.isPresent(), () -> file + " has a line that is none");
            if (line.isPresent()) {
                expect(
                        torn || lines.isEmpty() || line.get().receipt == lines.get(lines.size() - 1).receipt + 1,
                        () -> file + ": " + line.get().receipt + " does not follow the line before");
                lines.add(line.get());
            }
        }
        return lines;
    }

    /**
     * Each text once, and requests whole.
     *
     * @param mayLack receipts of lines that somebody took away: a cut may bring a part of what was emptied back
     * @return the texts
     */
    static Set<String> checkWhole(Map<Long, Line> lines, LongPredicate mayLack) {
        Set<String> texts = new HashSet<>();
        lines.forEach((receipt, line) -> {
            if (line.isErased()) {
                return;
            }
            expect(texts.add(line.text()), () -> "a text stands twice: " + receipt);
            if (line.part() < line.parts()) {
                Line next = lines.get(receipt + 1);
                expect(
                        next == null ? mayLack.test(receipt + 1) : next.isErased() || next.part() == line.part() + 1,
                        () -> "half a request stands at " + receipt);
            }
            if (line.part() > 1) {
                Line before = lines.get(receipt - 1);
                expect(
                        before == null
                                ? mayLack.test(receipt - 1)
                                : before.isErased() || before.part() == line.part() - 1,
                        () -> "half a request stands at " + receipt);
            }
        });
        return texts;
    }

    static void expect(boolean held, Supplier<String> otherwise) {
        if (!held) {
            throw new IllegalStateException(otherwise.get());
        }
    }
}
