package dev.countersign.core;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.Strictness;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** A line of the message log as a reader sees who knows nothing but JSON. */
record LoggedLine(String receipt, String time, String id, String message) {

    private static final Gson GSON =
            new GsonBuilder().setStrictness(Strictness.STRICT).create();

    static LoggedLine parse(String line) {
        return GSON.fromJson(line, LoggedLine.class);
    }

    /** The line that the caller may expect who appended this message and got this receipt. */
    static LoggedLine of(Receipt receipt, Message message) {
        return new LoggedLine(
                Long.toString(receipt.number()), receipt.time(), message.id().value(), message.text());
    }

    static List<LoggedLine> readAll(Path file) throws IOException {
        String text = Files.readString(file, UTF_8);
        return text.isEmpty()
                ? List.of()
                : Stream.of(text.split("\n")).map(LoggedLine::parse).toList();
    }
}
