package dev.countersign.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.Charset;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import tools.jackson.databind.JsonNode;

/** A line of the message log, as a reader of the file parses it. */
record LoggedMessage(
        String receipt, String time, String id, Optional<String> key, Optional<String> part, String message) {

    private static final List<String> MEMBERS = List.of("receipt", "time", "id", "key", "part", "message");
    private static final Set<String> OPTIONAL = Set.of("key", "part");

    /** One without a key, and alone. */
    LoggedMessage(String receipt, String time, String id, String message) {
        this(receipt, time, id, Optional.empty(), Optional.empty(), message);
    }

    static Path file(Path home) {
        return home.resolve("logs/messages.jsonl");
    }

    /** All of the log, the oldest first. */
    static List<Path> files(Path home) throws IOException {
        try (Stream<Path> files = Files.list(file(home).getParent())) {
            return files.filter(each -> each.getFileName().toString().matches("messages.*\\.jsonl(\\.gz)?"))
                    .filter(each -> !each.toString().endsWith(".gz") || !Files.exists(unpacked(each)))
                    .sorted()
                    .toList();
        }
    }

    static List<LoggedMessage> readAll(Path home) throws IOException {
        Optional<String> topic = Engines.topicText(home);
        if (topic.isPresent()) {
            return topic.get().lines().map(LoggedMessage::parse).toList();
        }
        List<LoggedMessage> all = new ArrayList<>();
        for (Path file : files(home)) {
            lines(file, UTF_8).forEach(line -> all.add(parse(line)));
        }
        return all;
    }

    /** Of a file, packed or not, or packed by now; those of UTF-8 are refused where they are none. */
    static List<String> lines(Path file, Charset charset) throws IOException {
        InputStream bytes;
        try {
            bytes = Files.newInputStream(file);
        } catch (NoSuchFileException e) {
            return lines(Path.of(file + ".gz"), charset);
        }
        boolean isPacked = file.toString().endsWith(".gz");
        try (bytes;
                BufferedReader reader = new BufferedReader(
                        new InputStreamReader(isPacked ? new GZIPInputStream(bytes) : bytes, charset.newDecoder()))) {
            return reader.lines().toList();
        }
    }

    /** Those that end with a newline, of a file that nobody packs meanwhile. */
    static List<String> wholeLines(Path file) throws IOException {
        try (InputStream bytes = Files.newInputStream(file);
                InputStream in = file.toString().endsWith(".gz") ? new GZIPInputStream(bytes) : bytes) {
            String all = new String(in.readAllBytes(), UTF_8);
            return all.substring(0, all.lastIndexOf('\n') + 1).lines().toList();
        }
    }

    private static Path unpacked(Path file) {
        return Path.of(file.toString().replaceFirst("\\.gz$", ""));
    }

    static LoggedMessage parse(String line) {
        JsonNode json = Json.parse(line);
        List<String> expected = MEMBERS.stream()
                .filter(name -> json.has(name) || !OPTIONAL.contains(name))
                .toList();
        assertEquals(expected, List.copyOf(json.propertyNames()));
        return new LoggedMessage(
                text(json, "receipt"),
                text(json, "time"),
                text(json, "id"),
                optionalText(json, "key"),
                optionalText(json, "part"),
                text(json, "message"));
    }

    private static String text(JsonNode json, String name) {
        return json.required(name).stringValue();
    }

    /** Empty where the member is missing; one that is null is no text. */
    private static Optional<String> optionalText(JsonNode json, String name) {
        return json.has(name) ? Optional.of(text(json, name)) : Optional.empty();
    }
}
