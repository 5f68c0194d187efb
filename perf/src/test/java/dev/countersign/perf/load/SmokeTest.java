package dev.countersign.perf.load;

import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.countersign.perf.data.Results.Load;
import dev.countersign.perf.data.Results.Threshold;
import dev.countersign.perf.data.Results.Verdict;
import dev.countersign.perf.server.JavaCommand;
import dev.countersign.perf.threshold.Thresholds;
import dev.countersign.web.Main;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The plan of the real runs, by two users for three seconds, through servers in JVMs of their own. */
class SmokeTest {

    static final Scenario SMOKE = new Scenario(
            "smoke",
            "51.jmx",
            2,
            0,
            Duration.ZERO,
            Duration.ZERO,
            Duration.ofSeconds(3),
            Map.of("users", "2", "thinkMillis", "0", "thinkSpreadMillis", "0"));

    @Test
    void theServerPassesEveryThreshold() throws Exception {
        Load load = smoke(JavaCommand.of(Main.class));

        assertEquals(Set.of(), missed(load), load::toString);
    }

    @Test
    void aServerThatForgetsMessagesItAcknowledgedFails() throws Exception {
        Load load = smoke(FaultyServer.command(FaultyServer.Fault.FORGETS));

        assertEquals(Set.of("nothing lost"), missed(load), load::toString);
        assertEquals(Verdict.FAIL, Verdict.worst(load.thresholds()));
    }

    @Test
    void aServerThatTakesWrongCodesFails() throws Exception {
        Load load = smoke(FaultyServer.command(FaultyServer.Fault.TAKES_WRONG_CODES));

        assertEquals(Set.of("nothing forged", "errors", "wrong codes sent"), missed(load), load::toString);
        assertEquals(Verdict.FAIL, Verdict.worst(load.thresholds()));
    }

    private static Load smoke(List<String> serverCommand) throws Exception {
        Project project = new Project(Path.of("..").toRealPath());
        return new PlanRun(project, serverCommand, Thresholds.read(project.thresholds()), said -> {}).run(SMOKE);
    }

    private static Set<String> missed(Load load) {
        return load.thresholds().stream()
                .filter(threshold -> threshold.verdict() != Verdict.PASS)
                .map(Threshold::name)
                .collect(toSet());
    }
}
