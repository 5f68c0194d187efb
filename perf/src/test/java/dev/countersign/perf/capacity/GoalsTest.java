package dev.countersign.perf.capacity;

import static dev.countersign.perf.data.Results.OpenRates.EMPTY_SERVLET;
import static dev.countersign.perf.data.Results.OpenRates.SERVER;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.countersign.perf.data.Results.Comparison;
import dev.countersign.perf.data.Results.Latency;
import dev.countersign.perf.data.Results.OpenRate;
import dev.countersign.perf.data.Results.OpenRates;
import dev.countersign.perf.data.Results.Quartiles;
import dev.countersign.perf.data.Results.Side;
import dev.countersign.perf.data.Results.Threshold;
import dev.countersign.perf.data.Results.Verdict;
import dev.countersign.perf.threshold.Metric;
import dev.countersign.perf.threshold.Thresholds;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GoalsTest {

    private Thresholds thresholds;

    @BeforeEach
    void readTheRealLimits() throws IOException {
        thresholds = Thresholds.read(Path.of("thresholds.properties"));
    }

    @Test
    void aLimitIsMetByItself() {
        assertEquals(List.of(true), met(thresholds.check("messages", Map.of(Metric.THROUGHPUT_RATIO, 0.85))));
        assertEquals(List.of(true), met(thresholds.check("start", Map.of(Metric.SECONDS, 1))));
        assertEquals(List.of(false), met(thresholds.check("messages", Map.of(Metric.THROUGHPUT_RATIO, 0.849))));
        assertEquals(List.of(false), met(thresholds.check("start", Map.of(Metric.SECONDS, 1.001))));
    }

    @Test
    void comparisonsWithoutAControlAreNotJudged() {
        assertEquals(
                List.of(true, true, false, false, true, true),
                met(judge(
                        comparison("message", 64, 0.9, 1.2, all(1.04)),
                        comparison("register", 0, 0.6, 1.9, all(0.96)),
                        comparison("message", 4096, 0.1, 9, all(1)),
                        comparison("message", 64, 0.1, 9, null))));
    }

    @Test
    void aControlTooFarFrom1InAnyComparisonShows() {
        List<Threshold> judged =
                judge(comparison("message", 64, 0.9, 1.2, all(1)), comparison("message", 4096, 0.9, 1.2, all(0.9)));

        assertEquals(Verdict.MISSED, judged.get(2).verdict());
        assertEquals(0.1, judged.get(2).measured(), 1e-9);
    }

    @Test
    void theOpenRatesGoalComparesTheP99sAtHalfTheKnee() {
        List<OpenRate> rates = List.of(
                rate(SERVER, 25, 9), rate(EMPTY_SERVLET, 25, 1), rate(SERVER, 50, 500), rate(EMPTY_SERVLET, 50, 200));

        List<Threshold> judged = OpenRun.judge(thresholds, new OpenRates("message", 500, 1000, 60, rates));

        assertEquals(2.5, judged.get(0).measured());
        assertEquals(List.of(true), met(judged));
    }

    private List<Threshold> judge(Comparison... comparisons) {
        return CapacityRun.judge(thresholds, List.of(comparisons));
    }

    private static List<Boolean> met(List<Threshold> thresholds) {
        return thresholds.stream()
                .map(threshold -> threshold.verdict() == Verdict.PASS)
                .toList();
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
        return new OpenRate(
                target, percent, 10 * percent, 10 * percent, 0, new Latency(1, 2, p99, p99), List.of(), List.of());
    }
}
