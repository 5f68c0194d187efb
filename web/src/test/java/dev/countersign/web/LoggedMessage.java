package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
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

    static List<LoggedMessage> readAll(Path home) throws IOException {
        try (Stream<String> lines = Files.lines(file(home))) { // which refuses what is no UTF-8
            return lines.map(LoggedMessage::parse).toList();
        }
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
