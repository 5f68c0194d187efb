package dev.countersign.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** What {@link HopsTest} has measured, as the report reads it: {@code Results.Hops} in perf has the same fields. */
record Hops(Place environment, int oneByOne, int clients, List<Hop> hops) {

    record Place(String commit, String startedAt, String cpu, int cores) {

        /** This checkout on this machine, now. */
        static Place here() throws IOException {
            Process git = new ProcessBuilder("git", "rev-parse", "HEAD").start();
            try (Stream<String> lines = Files.lines(Path.of("/proc/cpuinfo"))) {
                return new Place(
                        new String(git.getInputStream().readAllBytes(), UTF_8).strip(),
                        Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                        lines.filter(line -> line.startsWith("model name"))
                                .map(line ->
                                        line.substring(line.indexOf(':') + 1).strip())
                                .findFirst()
                                .orElse(System.getProperty("os.arch")),
                        Runtime.getRuntime().availableProcessors());
            }
        }
    }

    /**
     * One kind of request to one arrangement of servers.
     *
     * @param p50 in microseconds, of one client; {@code p99} likewise
     * @param perSecond of all clients at once
     * @param cpuMicros of a request, by the processes that it passes
     */
    record Hop(String servers, String request, long p50, long p99, long perSecond, Map<String, Long> cpuMicros) {}

    void write(Path file) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(
                file,
                new GsonBuilder()
                                .setPrettyPrinting()
                                .disableHtmlEscaping()
                                .create()
                                .toJson(this)
                        + "\n");
    }
}
