package dev.countersign.perf.load;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.stream.Stream;

/**
 * Where a run finds what it needs and leaves what it makes.
 *
 * @param root the checkout's
 */
public record Project(Path root) {

    /** JMeter's plans. */
    Path plans() {
        return root.resolve("perf/src/test/jmeter");
    }

    /** The limits, as {@link Gates#read} takes them. */
    public Path gates() {
        return root.resolve("perf/gates.properties");
    }

    /** JMeter, as the build has laid it out. */
    Path jmeter() {
        return root.resolve("perf/target/jmeter");
    }

    /** Samples and logs of the last run, and the servers' homes while they run: on the disk that is measured. */
    public Path scratch() {
        return root.resolve("perf/target/load");
    }

    /** What was measured, until it is published. */
    public Path data() {
        return scratch().resolve("data");
    }

    Path scratch(Scenario scenario) {
        return scratch().resolve(scenario.name());
    }

    /** JMeter's, of a scenario that has one, until it is published. */
    public Path dashboard(Scenario scenario) {
        return scratch(scenario).resolve("dashboard");
    }

    /** JMH's results, of a run of all benchmarks that was not cut short, if there was one. */
    public Path benchmarks() {
        return root.resolve("perf/target/jmh.json");
    }

    /** What a whole run publishes. */
    public Path reports() {
        return root.resolve("reports");
    }

    /** Makes a folder that is empty, whatever stood there. */
    public static Path emptyFolder(Path folder) throws IOException {
        delete(folder);
        return Files.createDirectories(folder);
    }

    /** Removes a file, or a folder with all that is in it, if there is one. */
    public static void delete(Path folder) throws IOException {
        if (Files.notExists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        } catch (UncheckedIOException e) {
            throw e.getCause();
        }
    }
}
