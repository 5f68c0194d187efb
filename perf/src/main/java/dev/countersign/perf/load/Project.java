package dev.countersign.perf.load;

import java.nio.file.Path;

/**
 * Where a run finds what it needs and leaves what it makes.
 *
 * @param root the checkout's
 */
public record Project(Path root) {

    Path plans() {
        return root.resolve("perf/src/test/jmeter");
    }

    public Path thresholds() {
        return root.resolve("perf/thresholds.properties");
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

    /** JMeter's, until it is published. */
    public Path dashboard(Scenario scenario) {
        return scratch(scenario).resolve("dashboard");
    }

    /** JMH's results, of a run of all benchmarks that was not cut short, if there was one. */
    public Path benchmarks() {
        return root.resolve("perf/target/jmh.json");
    }

    /** What a run publishes: a {@code quick} one, which is no evidence, beside the evidence and never over it. */
    public Path reports(boolean quick) {
        return root.resolve(quick ? "perf/target/reports" : "reports");
    }
}
