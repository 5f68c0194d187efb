package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import tools.jackson.databind.JsonNode;

/** A line of the message log, as a reader of the file parses it. */
record LoggedMessage(String receipt, String time, String id, String message) {

    private static final List<String> MEMBERS = List.of("receipt", "time", "id", "message");

    static Path file(Path home) {
        return home.resolve("logs/messages.jsonl");
    }

    static List<LoggedMessage> readAll(Path home) throws IOException {
        try (Stream<String> lines = Files.lines(file(home))) { // which refuses what is no UTF-8
            return lines.map(LoggedMessage::parse).toList();
        }
    }

    private static LoggedMessage parse(String line) {
        JsonNode json = Json.parse(line);
        assertEquals(MEMBERS, List.copyOf(json.propertyNames()));
        List<String> values =
                MEMBERS.stream().map(name -> json.get(name).stringValue()).toList();
        return new LoggedMessage(values.get(0), values.get(1), values.get(2), values.get(3));
    }
}
