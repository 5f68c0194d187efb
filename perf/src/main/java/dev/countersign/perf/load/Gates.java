package dev.countersign.perf.load;

import static dev.countersign.perf.data.Results.Verdict.FAIL;
import static dev.countersign.perf.data.Results.Verdict.INVALID;
import static dev.countersign.perf.data.Results.Verdict.PASS;

import dev.countersign.perf.data.Results.Gate;
import dev.countersign.perf.data.Results.Verdict;
import dev.countersign.perf.load.Rule.About;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Collectors;

/**
 * The limits that a run has to keep. Immutable.
 *
 * <p>A rule that isn't kept fails the run. But where the load side fell short the run is INVALID, and a latency beyond
 * its limit is, too: the server may not be to blame for it.
 */
public final class Gates {

    private static final String EVERY = "every";

    private final Map<String, Double> limits;
    private final List<Rule> rules;

    private Gates(Map<String, Double> limits, List<Rule> rules) {
        this.limits = limits;
        this.rules = rules;
    }

    /**
     * Reads the limits: {@code scenario.rule=limit} a line, where {@code every} stands for all scenarios.
     *
     * @throws IllegalArgumentException if a line names no known scenario or rule, or no number
     */
    public static Gates read(Path file) throws IOException {
        Properties lines = new Properties();
        try (Reader reader = Files.newBufferedReader(file)) {
            lines.load(reader);
        }
        lines.stringPropertyNames().forEach(Gates::requireKnown);
        Map<String, Double> limits = lines.stringPropertyNames().stream()
                .collect(Collectors.toMap(key -> key, key -> Double.valueOf(lines.getProperty(key))));
        return new Gates(limits, List.of(Rule.values()));
    }

    /** Those about promises alone: a run of a few seconds, on JVMs that are still cold, can't be held to more. */
    public Gates ofPromises() {
        return new Gates(
                limits,
                rules.stream().filter(rule -> rule.about() == About.PROMISE).toList());
    }

    /** Holds a run against the limits of its scenario, in the order of the rules. */
    List<Gate> check(Measured run) {
        List<Gate> gates = new ArrayList<>();
        boolean valid = true;
        for (Rule rule : rules) {
            Optional<Double> limit = limit(run.scenario().name(), rule);
            if (limit.isPresent()) {
                double measured = rule.measure(run);
                Verdict verdict = rule.isMet(measured, limit.get()) ? PASS : missed(rule.about(), valid);
                gates.add(new Gate(
                        run.scenario().name(), rule.title(), rule.says(), limit.get(), measured, rule.unit(), verdict));
                valid &= verdict != INVALID;
            }
        }
        return gates;
    }

    private Optional<Double> limit(String scenario, Rule rule) {
        return Optional.ofNullable(
                limits.getOrDefault(scenario + "." + rule.key(), limits.get(EVERY + "." + rule.key())));
    }

    /** The rules about the load side come before those about latency, so that {@code valid} is known by then. */
    private static Verdict missed(About about, boolean valid) {
        return switch (about) {
            case PROMISE -> FAIL;
            case SENT, LOAD -> INVALID;
            case LATENCY -> valid ? FAIL : INVALID;
        };
    }

    /** A line that is spelt wrongly must not leave a gate open. */
    private static void requireKnown(String key) {
        boolean known = Arrays.stream(Rule.values())
                .filter(rule -> key.endsWith("." + rule.key()))
                .map(rule -> key.substring(0, key.length() - rule.key().length() - 1))
                .anyMatch(scenario -> scenario.equals(EVERY) || Scenario.names().contains(scenario));
        if (!known) {
            throw new IllegalArgumentException("no such gate: " + key);
        }
    }
}
