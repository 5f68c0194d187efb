package dev.countersign.perf.report;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.countersign.perf.data.Results;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** A reports folder with invented data, all of whose thresholds hold until a test changes a value. */
final class ReportFixture {

    private final Path reports;

    ReportFixture(Path reports) throws IOException, URISyntaxException {
        this.reports = reports;
        Path pass = Path.of(ReportFixture.class.getResource("/report/pass").toURI());
        Files.createDirectory(reports.resolve("data"));
        try (Stream<Path> files = Files.list(pass)) {
            for (Path file : files.toList()) {
                Files.copy(file, data(file.getFileName().toString()));
            }
        }
    }

    private Path data(String file) {
        return reports.resolve("data").resolve(file);
    }

    ReportFixture with(String file, Consumer<JsonObject> change) throws IOException {
        JsonObject content =
                JsonParser.parseString(Files.readString(data(file))).getAsJsonObject();
        change.accept(content);
        return with(file, content.toString());
    }

    ReportFixture with(String file, String content) throws IOException {
        Files.createDirectories(data(file).getParent());
        Files.writeString(data(file), content);
        return this;
    }

    ReportFixture without(String... files) throws IOException {
        for (String file : files) {
            Files.delete(data(file));
        }
        return this;
    }

    /** A change to a load: one of its thresholds, by name, has this result. */
    static Consumer<JsonObject> threshold(String name, double measured, Results.Verdict verdict) {
        return load -> {
            JsonObject threshold = load.getAsJsonArray("thresholds").asList().stream()
                    .map(JsonElement::getAsJsonObject)
                    .filter(one -> one.get("name").getAsString().equals(name))
                    .findFirst()
                    .orElseThrow();
            threshold.addProperty("measured", measured);
            threshold.addProperty("verdict", verdict.name());
        };
    }

    String history() throws IOException {
        return Files.readString(data("history.json"));
    }

    /** Draws the page and gives its text. */
    String html() throws IOException {
        return Files.readString(page());
    }

    Path page() throws IOException {
        return ReportPage.write(reports);
    }

    static List<String> allFiles() {
        return List.of(
                "51.json",
                "500.json",
                "arrivals-51.json",
                "arrivals-500.json",
                "capacity.json",
                "open.json",
                "jmh.json",
                "environment.json",
                "peers.json",
                "hops.json",
                "history.json",
                "disk.json");
    }
}
