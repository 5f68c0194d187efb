package dev.countersign.perf.threshold;

import dev.countersign.perf.data.Results.*;
import dev.countersign.perf.threshold.Metric.Kind;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The limits of all that is measured. Immutable.
 *
 * <p>A missed limit fails the run. But where the load side fell short the run is INVALID, and a latency beyond its limit
 * is, too: the server may not be to blame for it. A missed goal is shown, and does not count.
 */
public final class Thresholds {

    /** A misspelt line must not leave a limit out, so a line has to name one of these. */
    private static final List<String> SCENARIOS = List.of(("every smoke 51 500 arrivals-51 arrivals-500"
                    + " messages registrations full-speed control start half-knee"
                    + " million-registered million-senders small-heap idle-connections")
            .split(" "));

    private final Map<String, Double> limits;

    private Thresholds(Map<String, Double> limits) {
        this.limits = limits;
    }

    /**
     * Reads the limits: {@code scenario.metric=limit} a line, where {@code every} stands for all scenarios.
     *
     * @throws IllegalArgumentException if a line names no known scenario or metric, or no number
     */
    public static Thresholds read(Path file) throws IOException {
        Properties lines = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            lines.load(reader);
        }
        Map<String, Double> limits = new TreeMap<>();
        for (String key : lines.stringPropertyNames()) {
            if (Stream.of(Metric.values()).noneMatch(metric -> isKnown(key, metric))) {
                throw new IllegalArgumentException("no such threshold in " + file + ": " + key);
            }
            limits.put(key, Double.valueOf(lines.getProperty(key)));
        }
        return new Thresholds(limits);
    }

    private static boolean isKnown(String key, Metric metric) {
        return SCENARIOS.stream().anyMatch(scenario -> key.equals(scenario + "." + metric.key()));
    }

    /** Promises and goals alone: a run of a few seconds, on JVMs that are still cold, can't be held to more. */
    public Thresholds forQuickRun() {
        Map<String, Double> kept = new TreeMap<>(limits);
        Stream.of(Metric.values())
                .filter(metric -> !metric.isOfQuickRun())
                .forEach(metric -> kept.keySet().removeIf(key -> isKnown(key, metric)));
        return new Thresholds(kept);
    }

    /** Compares each measured value that has a limit with it, in the order of the metrics. */
    public List<Threshold> check(String scenario, Map<Metric, ? extends Number> measured) {
        return check(scenario, scenario, measured);
    }

    /** The same, of a scenario that is called {@code title} where people read it. */
    public List<Threshold> check(String scenario, String title, Map<Metric, ? extends Number> measured) {
        if (!SCENARIOS.contains(scenario)) {
            throw new IllegalArgumentException("not a scenario that may have limits: " + scenario);
        }
        List<Threshold> thresholds = new ArrayList<>();
        boolean valid = true;
        for (Metric metric : Metric.values()) {
            Double limit = limits.getOrDefault(scenario + "." + metric.key(), limits.get("every." + metric.key()));
            if (limit != null && measured.containsKey(metric)) {
                double value = measured.get(metric).doubleValue();
                Verdict verdict = metric.isMet(value, limit) ? Verdict.PASS : missed(metric.kind, valid);
                thresholds.add(new Threshold(title, metric.title, metric.rule, limit, value, metric.unit, verdict));
                valid &= verdict != Verdict.INVALID;
            }
        }
        return thresholds;
    }

    /** The metrics of the load side come before those of latency, so that {@code valid} is known by then. */
    private static Verdict missed(Kind kind, boolean valid) {
        return switch (kind) {
            case PROMISE -> Verdict.FAIL;
            case SENT, LOAD -> Verdict.INVALID;
            case LATENCY -> valid ? Verdict.FAIL : Verdict.INVALID;
            case GOAL_AT_LEAST, GOAL_AT_MOST -> Verdict.MISSED;
        };
    }
}
