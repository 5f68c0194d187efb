package dev.countersign.perf.capacity;

import dev.countersign.perf.data.Results.Comparison;
import dev.countersign.perf.data.Results.Target;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;

/** The goals that were set for the server's speed, held against what was measured. */
final class Targets {
    private static final int SMALL_BODY = 64;

    private Targets() {}

    /** A goal that more fulfils. */
    static Target atLeast(String name, double limit, double measured, String unit) {
        return new Target(name, rule("at least", limit, unit), limit, measured, unit, measured >= limit);
    }

    /** A goal that less fulfils. */
    static Target atMost(String name, double limit, double measured, String unit) {
        return new Target(name, rule("at most", limit, unit), limit, measured, unit, measured <= limit);
    }

    private static String rule(String relation, double limit, String unit) {
        String number = BigDecimal.valueOf(limit).stripTrailingZeros().toPlainString();
        return "%s %s %s".formatted(relation, number, unit).strip();
    }

    /** Those of the server against the floor, where both were compared in full: with the control. */
    static List<Target> of(List<Comparison> comparisons) {
        List<Comparison> full =
                comparisons.stream().filter(each -> each.control() != null).toList();
        List<Target> targets = new ArrayList<>();
        for (Comparison each : full) {
            String over = ", " + each.connections() + " connections, against the floor: ";
            if (each.request().equals(Workload.REGISTER)) {
                targets.add(atLeast(
                        "registrations" + over + "throughput",
                        0.65,
                        each.ratio().median(),
                        ""));
                targets.add(atMost(
                        "registrations" + over + "CPU time",
                        1.8,
                        each.cpuRatio().median(),
                        ""));
            } else if (each.bodyBytes() == SMALL_BODY) {
                targets.add(atLeast(
                        "messages" + over + "throughput", 0.85, each.ratio().median(), ""));
                targets.add(atMost(
                        "messages" + over + "CPU time", 1.3, each.cpuRatio().median(), ""));
            }
        }
        targets.add(atMost(
                "the floor against a second copy of itself: largest deviation from 1",
                0.05,
                full.stream()
                        .mapToDouble(each -> Math.abs(each.control().median() - 1))
                        .max()
                        .orElse(0),
                ""));
        targets.add(atMost(
                "errors at full speed, of all requests",
                0,
                comparisons.stream().mapToLong(each -> each.server().errors()).sum(),
                ""));
        return targets;
    }
}
