package dev.countersign.perf.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.Gson;
import dev.countersign.perf.data.Results.Findings;
import dev.countersign.perf.data.Results.Latency;
import dev.countersign.perf.data.Results.Load;
import dev.countersign.perf.data.Results.LoadSide;
import dev.countersign.perf.data.Results.Served;
import dev.countersign.perf.data.Results.Threshold;
import dev.countersign.perf.data.Results.Verdict;
import dev.countersign.perf.threshold.Metric;
import dev.countersign.perf.threshold.Thresholds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ThresholdsTest {

    private static final Findings GOOD = new Findings(9, 9, 9, 0, 9, 9, 0, 0, 0, 0, 0, 1, 1);

    private final Scenario scenario = Scenario.all(false).get(0);
    private Thresholds thresholds;

    @BeforeEach
    void readTheRealLimits() throws IOException {
        thresholds = Thresholds.read(Path.of("thresholds.properties"));
    }

    @Test
    void everyScenarioOfAWholeRunIsHeldToPromisesLoadAndLatency() {
        for (Scenario each : Scenario.all(false)) {
            List<String> names = check(thresholds, each, served(each.offered(), 1), GOOD, 1, 1).stream()
                    .map(Threshold::name)
                    .toList();

            assertTrue(
                    names.containsAll(List.of(
                            "nothing lost",
                            "nothing forged",
                            "registrations",
                            "errors",
                            "load delivered",
                            "load side's CPU",
                            "load side's pauses")),
                    each::name);
            assertTrue(names.size() > 7, "no latency in " + each.name());
        }
    }

    @Test
    void whatKeepsAllLimitsPasses() {
        assertEquals(Verdict.PASS, verdict(GOOD, scenario.offered(), 16_000, 79, 50));
    }

    @Test
    void aBrokenPromiseFailsWhateverTheLoad() {
        Findings lost = new Findings(9, 9, 9, 0, 9, 8, 1, 0, 0, 0, 0, 1, 1);

        assertEquals(Verdict.FAIL, verdict(lost, scenario.offered(), 16_000, 79, 50));
        assertEquals(Verdict.FAIL, verdict(lost, 0, 8_000, 100, 500));
    }

    @Test
    void eachPromiseIsGuarded() {
        List<Findings> broken = List.of(
                new Findings(9, 9, 9, 0, 9, 9, 1, 0, 0, 0, 0, 1, 1),
                new Findings(9, 9, 9, 0, 9, 9, 0, 1, 0, 0, 0, 1, 1),
                new Findings(9, 9, 9, 0, 9, 9, 0, 0, 1, 0, 0, 1, 1),
                new Findings(9, 9, 9, 0, 9, 9, 0, 0, 0, 1, 0, 1, 1),
                new Findings(9, 9, 9, 0, 9, 9, 0, 0, 0, 0, 1, 1, 1),
                new Findings(9, 9, 8, 1, 9, 9, 0, 0, 0, 0, 0, 1, 1),
                new Findings(9, 8, 9, 0, 9, 9, 0, 0, 0, 0, 0, 1, 1));

        for (Findings findings : broken) {
            assertEquals(Verdict.FAIL, verdict(findings, scenario.offered(), 16_000, 79, 50), findings::toString);
        }
    }

    @Test
    void aChangedLimitChangesTheVerdictOfAFileAndNothingThatWasMeasured(@TempDir Path data) throws IOException {
        Path file = data.resolve("51.json");
        Files.copy(Path.of("src/test/resources/report/pass/51.json"), file);
        Load before = load(file);
        Threshold delivered = before.thresholds().stream()
                .filter(each -> each.name().equals("load delivered"))
                .findFirst()
                .orElseThrow();
        Path limits = Files.writeString(data.resolve("limits"), "51.percent-off=" + delivered.measured() / 2);

        PlanRun.recheck(data, Thresholds.read(limits));

        Load after = load(file);
        assertEquals(before.served(), after.served());
        assertEquals(1, after.thresholds().size());
        assertEquals(delivered.measured(), after.thresholds().get(0).measured());
        assertEquals(Verdict.INVALID, after.thresholds().get(0).verdict());
    }

    private static Load load(Path file) throws IOException {
        return new Gson().fromJson(Files.readString(file), Load.class);
    }

    @Test
    void latencyBeyondItsLimitFails() {
        assertEquals(Verdict.FAIL, verdict(GOOD, scenario.offered(), 17_000, 79, 50));
    }

    @Test
    void aLoadSideThatFellShortMakesTheRunInvalidAndItsLatencyToo() {
        assertEquals(Verdict.INVALID, verdict(GOOD, scenario.offered() * 0.94, 16_000, 79, 50));
        assertEquals(Verdict.INVALID, verdict(GOOD, scenario.offered() * 1.06, 16_000, 79, 50));
        assertEquals(Verdict.INVALID, verdict(GOOD, scenario.offered(), 16_000, 81, 50));
        assertEquals(Verdict.INVALID, verdict(GOOD, scenario.offered(), 16_000, 79, 51));
        assertEquals(Verdict.INVALID, verdict(GOOD, scenario.offered(), 17_000, 79, 51));
    }

    @Test
    void aQuickRunIsHeldToItsPromises() {
        Findings lost = new Findings(9, 9, 9, 0, 9, 8, 1, 0, 0, 0, 0, 1, 1);
        Served cold = served(0, 900_000);

        assertEquals(Verdict.PASS, Verdict.worst(check(thresholds.forQuickRun(), scenario, cold, GOOD, 0, 0)));
        assertEquals(Verdict.FAIL, Verdict.worst(check(thresholds.forQuickRun(), scenario, cold, lost, 0, 0)));
    }

    @Test
    void aSmokeRunThatSentNothingDoesNotPass() {
        Findings nothing = new Findings(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

        assertEquals(Verdict.INVALID, Verdict.worst(check(thresholds, SmokeTest.SMOKE, served(0, 0), nothing, 0, 0)));
    }

    @Test
    void aLimitThatNoMetricHasIsRefused(@TempDir Path folder) throws IOException {
        for (String line : List.of("51.p96-millis=20", "52.p95-millis=20", "p95-millis=20")) {
            Path file = Files.writeString(folder.resolve("thresholds.properties"), line);

            assertThrows(IllegalArgumentException.class, () -> Thresholds.read(file), line);
        }
    }

    @Test
    void aMissedGoalDoesNotCount() {
        List<Threshold> goals = thresholds.check("start", Map.of(Metric.SECONDS, 9));

        assertEquals(
                List.of(Verdict.MISSED), goals.stream().map(Threshold::verdict).toList());
        assertEquals(Verdict.PASS, Verdict.worst(goals));
    }

    private Verdict verdict(Findings findings, double achieved, long p95, double cpuPercent, double pauseMillis) {
        return Verdict.worst(check(thresholds, scenario, served(achieved, p95), findings, cpuPercent, pauseMillis));
    }

    private static List<Threshold> check(
            Thresholds limits, Scenario scenario, Served served, Findings findings, double cpu, double pause) {
        return limits.check(
                scenario.name(), PlanRun.metrics(scenario.offered(), served, findings, new LoadSide(cpu, pause, 1)));
    }

    private static Served served(double achieved, long p95) {
        return new Served(achieved, 0, new Latency(1, p95, 1, 1), 1, 1, List.of(), List.of(), List.of());
    }
}
