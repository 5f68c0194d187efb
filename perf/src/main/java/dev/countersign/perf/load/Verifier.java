package dev.countersign.perf.load;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.stream.Collectors.toMap;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonParseException;
import com.google.gson.Strictness;
import dev.countersign.perf.data.Results.Findings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Holds what clients were answered against what the server kept: its log and its table, read here by no code of the
 * server's.
 *
 * <p>First each acknowledged message takes the line of the log that is equal to it. One that found none takes a line
 * with its receipt or its content, which was then altered, or is lost. The lines that nobody took are too many.
 */
final class Verifier {

    /** Ids that begin so are of the warm-up, which is not counted. */
    static final String WARM_UP = "warm-up.";

    private static final Gson GSON =
            new GsonBuilder().setStrictness(Strictness.STRICT).create();

    /** A line of the log; its time is the server's own affair. */
    private record Line(String receipt, String id, String message) {

        static Line of(Sample sample) {
            return new Line(sample.receipt(), sample.id(), sample.text());
        }

        static Line parse(String text) {
            try {
                Line line = GSON.fromJson(text, Line.class);
                if (line != null && line.receipt != null && line.id != null && line.message != null) {
                    return line;
                }
            } catch (JsonParseException e) {
                // no record: like one of no known client
            }
            return new Line("", "", text);
        }

        Content content() {
            return new Content(id, message);
        }
    }

    private record Content(String id, String text) {}

    private final List<Sample> samples;
    private final Map<Line, Integer> untaken = new HashMap<>();
    private long lost;
    private long altered;
    private long doubled;
    private long forged;
    private long refusedLogged;

    private Verifier(List<Sample> samples, List<Line> lines) {
        this.samples = samples;
        lines.forEach(line -> untaken.merge(line, 1, Integer::sum));
    }

    /**
     * Compares what came back from a server with what is in its home folder, once it has stopped.
     *
     * @throws IOException if its log or its database can't be read
     */
    static Findings verify(List<Sample> samples, Path home) throws IOException {
        List<Line> lines = lines(home.resolve("logs"));
        Map<String, String> kept = codeHashes(home.resolve("data/countersign.db"));
        return new Verifier(samples, lines).findings(lines.size(), kept);
    }

    private Findings findings(int inLog, Map<String, String> kept) {
        takeLines();
        judgeUntaken();
        Map<String, String> given = select(Sample.REGISTER, Sample::isCreated)
                .collect(toMap(Sample::id, sample -> sha256(sample.code()), (first, second) -> first + second));
        return new Findings(
                select(Sample.REGISTER, Sample::isCreated).count(),
                given.values().stream().distinct().count(),
                kept.size(),
                stray(given, kept),
                select(Sample.MESSAGE, Sample::isCreated).count(),
                inLog,
                lost,
                doubled,
                altered,
                forged,
                refusedLogged,
                select(Sample.WRONG_CODE, sample -> true).count(),
                select(Sample.WRONG_CODE, sample -> sample.status().equals("403"))
                        .count());
    }

    private void takeLines() {
        List<Line> withoutEqual = select(Sample.MESSAGE, Sample::isCreated)
                .map(Line::of)
                .filter(line -> !take(line))
                .toList();
        for (Line acknowledged : withoutEqual) {
            Optional<Line> similar = untaken.keySet().stream()
                    .filter(line -> line.receipt.equals(acknowledged.receipt)
                            || line.content().equals(acknowledged.content()))
                    .findAny();
            if (similar.filter(this::take).isPresent()) {
                altered++;
            } else {
                lost++;
            }
        }
    }

    private void judgeUntaken() {
        Set<Content> acknowledged = contents(select(Sample.MESSAGE, Sample::isCreated));
        Set<Content> unanswered = contents(select(Sample.MESSAGE, sample -> !sample.isCreated()));
        Set<Content> wrong = contents(select(Sample.WRONG_CODE, sample -> true));
        untaken.forEach((line, count) -> {
            Content content = line.content();
            if (wrong.contains(content)) {
                refusedLogged += count;
            } else if (acknowledged.contains(content)) {
                doubled += count;
            } else if (unanswered.remove(content)) {
                doubled += count - 1; // one may be there: its sender just was not told
            } else {
                forged += count;
            }
        });
    }

    private Stream<Sample> select(String step, Predicate<Sample> which) {
        return samples.stream().filter(sample -> sample.step().equals(step)).filter(which);
    }

    private static Set<Content> contents(Stream<Sample> samples) {
        return samples.map(sample -> new Content(sample.id(), sample.text()))
                .collect(Collectors.toCollection(HashSet::new));
    }

    private boolean take(Line line) {
        boolean found = untaken.containsKey(line);
        untaken.computeIfPresent(line, (key, count) -> count == 1 ? null : count - 1);
        return found;
    }

    private static long stray(Map<String, String> given, Map<String, String> kept) {
        Set<String> ids = new HashSet<>(given.keySet());
        ids.addAll(kept.keySet());
        return ids.stream()
                .filter(id -> !kept.getOrDefault(id, "").equals(given.get(id)))
                .count();
    }

    private static List<Line> lines(Path logs) throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(logs)) {
            files = all.filter(file -> file.getFileName().toString().matches("messages.*\\.jsonl"))
                    .toList();
        }
        List<Line> kept = new ArrayList<>();
        for (Path file : files) {
            try (Stream<String> lines = Files.lines(file, UTF_8)) {
                lines.map(Line::parse)
                        .filter(line -> !line.id.startsWith(WARM_UP))
                        .forEach(kept::add);
            }
        }
        return kept;
    }

    /** The SHA-256 of each id's code, in hexadecimal. */
    private static Map<String, String> codeHashes(Path database) throws IOException {
        Map<String, String> hashes = new HashMap<>();
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + database);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("SELECT id, code_sha256 FROM registration")) {
            while (rows.next()) {
                hashes.put(rows.getString(1), HexFormat.of().formatHex(rows.getBytes(2)));
            }
        } catch (SQLException e) {
            throw new IOException("can't read " + database, e);
        }
        hashes.keySet().removeIf(id -> id.startsWith(WARM_UP));
        return hashes;
    }

    private static String sha256(String code) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(code.getBytes(UTF_8)));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
