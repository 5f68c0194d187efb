package dev.countersign.perf.load;

import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.countersign.perf.data.Results.Gate;
import dev.countersign.perf.data.Results.Load;
import dev.countersign.perf.data.Results.Verdict;
import dev.countersign.perf.server.JavaCommand;
import dev.countersign.web.Main;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The plan of the real runs, by two users for three seconds, through servers in JVMs of their own. */
class SmokeTest {

    @Test
    void theServerPassesEveryGate() throws Exception {
        Load load = smoke(JavaCommand.of(Main.class, JavaCommand.FLAGS));

        assertEquals(Set.of(), missed(load), load::toString);
    }

    @Test
    void aServerThatForgetsMessagesItAcknowledgedFails() throws Exception {
        Load load = smoke(FaultyServer.command(FaultyServer.Fault.FORGETS));

        assertEquals(Set.of("nothing lost"), missed(load), load::toString);
        assertEquals(Verdict.FAIL, Verdict.worst(load.gates()));
    }

    @Test
    void aServerThatTakesWrongCodesFails() throws Exception {
        Load load = smoke(FaultyServer.command(FaultyServer.Fault.TAKES_WRONG_CODES));

        assertEquals(Set.of("nothing forged", "errors", "wrong codes sent"), missed(load), load::toString);
        assertEquals(Verdict.FAIL, Verdict.worst(load.gates()));
    }

    private static Load smoke(List<String> serverCommand) throws Exception {
        Project project = new Project(Path.of("..").toRealPath());
        return new PlanRun(project, serverCommand, Gates.read(project.gates()), said -> {}).run(Scenario.smoke());
    }

    private static Set<String> missed(Load load) {
        return load.gates().stream()
                .filter(gate -> gate.verdict() != Verdict.PASS)
                .map(Gate::name)
                .collect(toSet());
    }
}
