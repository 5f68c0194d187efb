package dev.countersign.perf.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.perf.data.Results.Gate;
import dev.countersign.perf.data.Results.Verdict;
import dev.countersign.perf.load.Verifier.Findings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GatesTest {

    private static final Findings GOOD = new Findings(9, 9, 9, 0, 9, 9, 0, 0, 0, 0, 0, 1, 1);

    private final Scenario scenario = Scenario.all(false).get(0);
    private Gates gates;

    @BeforeEach
    void readTheRealLimits() throws IOException {
        gates = Gates.read(Path.of("gates.properties"));
    }

    @Test
    void everyScenarioOfAWholeRunIsHeldToPromisesLoadAndLatency() {
        for (Scenario each : Scenario.all(false)) {
            Map<Rule.About, Long> gatesByKind =
                    gates.check(new Measured(each, figures(each.offered(), 1), GOOD, 1, 1, 1)).stream()
                            .map(gate -> rule(gate).about())
                            .collect(Collectors.groupingBy(about -> about, Collectors.counting()));

            assertEquals(4, gatesByKind.get(Rule.About.PROMISE), each::name);
            assertEquals(3, gatesByKind.get(Rule.About.LOAD), each::name);
            assertTrue(gatesByKind.get(Rule.About.LATENCY) >= 1, each::name);
        }
    }

    @Test
    void whatKeepsAllLimitsPasses() {
        assertEquals(Verdict.PASS, verdict(GOOD, scenario.offered(), 8_000, 79, 50));
    }

    @Test
    void aBrokenPromiseFailsWhateverTheLoad() {
        Findings lost = new Findings(9, 9, 9, 0, 9, 8, 1, 0, 0, 0, 0, 1, 1);

        assertEquals(Verdict.FAIL, verdict(lost, scenario.offered(), 8_000, 79, 50));
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
            assertEquals(Verdict.FAIL, verdict(findings, scenario.offered(), 8_000, 79, 50), findings::toString);
        }
    }

    @Test
    void latencyBeyondItsLimitFails() {
        assertEquals(Verdict.FAIL, verdict(GOOD, scenario.offered(), 9_000, 79, 50));
    }

    @Test
    void aLoadSideThatFellShortMakesTheRunInvalidAndItsLatencyToo() {
        assertEquals(Verdict.INVALID, verdict(GOOD, scenario.offered() * 0.94, 8_000, 79, 50));
        assertEquals(Verdict.INVALID, verdict(GOOD, scenario.offered() * 1.06, 8_000, 79, 50));
        assertEquals(Verdict.INVALID, verdict(GOOD, scenario.offered(), 8_000, 81, 50));
        assertEquals(Verdict.INVALID, verdict(GOOD, scenario.offered(), 8_000, 79, 51));
        assertEquals(Verdict.INVALID, verdict(GOOD, scenario.offered(), 9_000, 79, 51));
    }

    @Test
    void aQuickRunIsHeldToItsPromises() {
        Findings lost = new Findings(9, 9, 9, 0, 9, 8, 1, 0, 0, 0, 0, 1, 1);
        Figures cold = figures(0, 900_000);

        assertEquals(
                Verdict.PASS, Verdict.worst(gates.ofPromises().check(new Measured(scenario, cold, GOOD, 0, 0, 0))));
        assertEquals(
                Verdict.FAIL, Verdict.worst(gates.ofPromises().check(new Measured(scenario, cold, lost, 0, 0, 0))));
    }

    @Test
    void aSmokeRunThatSentNothingDoesNotPass() {
        Findings nothing = new Findings(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);

        List<Gate> checked = gates.check(new Measured(Scenario.smoke(), figures(0, 0), nothing, 0, 0, 0));

        assertEquals(Verdict.INVALID, Verdict.worst(checked));
    }

    @Test
    void aLimitThatNoRuleHasIsRefused(@TempDir Path folder) throws IOException {
        for (String line : List.of("51.p96-millis=20", "52.p95-millis=20", "p95-millis=20")) {
            Path file = Files.writeString(folder.resolve("gates.properties"), line);

            assertThrows(IllegalArgumentException.class, () -> Gates.read(file), line);
        }
    }

    private Verdict verdict(Findings findings, double achieved, long p95, double cpuPercent, double pauseMillis) {
        return Verdict.worst(
                gates.check(new Measured(scenario, figures(achieved, p95), findings, cpuPercent, pauseMillis, 1)));
    }

    private static Figures figures(double achieved, long p95) {
        return new Figures(0, 1, 9, achieved, 0, 1, p95, 1, 1, 1, 1, List.of(), List.of(), List.of());
    }

    private static Rule rule(Gate gate) {
        return List.of(Rule.values()).stream()
                .filter(rule -> rule.title().equals(gate.name()))
                .findFirst()
                .orElseThrow();
    }
}
