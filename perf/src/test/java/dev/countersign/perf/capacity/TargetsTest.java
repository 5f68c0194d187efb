package dev.countersign.perf.capacity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.perf.data.Results.Comparison;
import dev.countersign.perf.data.Results.OpenRate;
import dev.countersign.perf.data.Results.OpenRates;
import dev.countersign.perf.data.Results.Quartiles;
import dev.countersign.perf.data.Results.Side;
import dev.countersign.perf.data.Results.Target;
import java.util.List;
import org.junit.jupiter.api.Test;

class TargetsTest {

    @Test
    void aLimitIsMetByItself() {
        assertTrue(Targets.atLeast("speed", 0.85, 0.85, "").met());
        assertTrue(Targets.atMost("start", 1, 1, "s").met());
        assertFalse(Targets.atLeast("speed", 0.85, 0.849, "").met());
        assertFalse(Targets.atMost("start", 1, 1.001, "s").met());
    }

    @Test
    void aRuleSaysItsLimitWithItsUnit() {
        assertEquals("at most 1 s", Targets.atMost("start", 1, 0, "s").rule());
        assertEquals("at least 0.85", Targets.atLeast("speed", 0.85, 0, "").rule());
    }

    @Test
    void comparisonsWithoutAControlAreNotJudged() {
        assertEquals(
                List.of(true, true, false, false, true, true),
                met(Targets.of(List.of(
                        comparison("message", 64, 0.9, 1.2, all(1.04)),
                        comparison("register", 0, 0.6, 1.9, all(0.96)),
                        comparison("message", 4096, 0.1, 9, all(1)),
                        comparison("message", 64, 0.1, 9, null)))));
    }

    @Test
    void aControlTooFarFrom1InAnyComparisonShows() {
        List<Target> targets = Targets.of(
                List.of(comparison("message", 64, 0.9, 1.2, all(1)), comparison("message", 4096, 0.9, 1.2, all(0.9))));

        assertFalse(targets.get(2).met());
        assertEquals(0.1, targets.get(2).measured(), 1e-9);
    }

    @Test
    void theOpenRatesGoalComparesTheP99sAtHalfTheKnee() {
        Target target = OpenRun.target(new OpenRates(
                "message",
                500,
                1000,
                60,
                List.of(rate("server", 25, 9), rate("floor", 25, 1), rate("server", 50, 500), rate("floor", 50, 200))));

        assertEquals(2.5, target.measured());
        assertTrue(target.met());
    }

    private static List<Boolean> met(List<Target> targets) {
        return targets.stream().map(Target::met).toList();
    }

    private static Comparison comparison(
            String request, int bodyBytes, double ratio, double cpuRatio, Quartiles control) {
        Side side = new Side(all(1000), 1, 2, all(30), 0);
        return new Comparison(request, bodyBytes, 51, 12, 3, side, side, all(ratio), all(cpuRatio), control);
    }

    private static Quartiles all(double value) {
        return new Quartiles(value, value, value);
    }

    private static OpenRate rate(String target, int percent, long p99) {
        return new OpenRate(target, percent, 10 * percent, 10 * percent, 0, 1, 2, p99, p99, List.of());
    }
}
