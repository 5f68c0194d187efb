package dev.countersign.perf;

import static java.util.stream.Collectors.toSet;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.countersign.perf.Results.Gate;
import dev.countersign.perf.Results.Load;
import dev.countersign.perf.Results.Verdict;
import dev.countersign.web.Main;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.InstantSource;
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
        assertEquals(Verdict.FAIL, Gates.worst(load.gates()));
    }

    @Test
    void aServerThatTakesWrongCodesFails() throws Exception {
        Load load = smoke(FaultyServer.command(FaultyServer.Fault.TAKES_WRONG_CODES));

        assertEquals(Set.of("nothing forged", "errors", "wrong codes sent"), missed(load), load::toString);
        assertEquals(Verdict.FAIL, Gates.worst(load.gates()));
    }

    private static Load smoke(List<String> serverCommand) throws Exception {
        Project project = new Project(Path.of("..").toRealPath());
        try (Progress silent = new Progress(InstantSource.system(), new PrintStream(OutputStream.nullOutputStream()))) {
            return new PlanRun(project, serverCommand, Gates.read(project.gates()), silent).run(Scenario.smoke());
        }
    }

    private static Set<String> missed(Load load) {
        return load.gates().stream()
                .filter(gate -> gate.verdict() != Verdict.PASS)
                .map(Gate::name)
                .collect(toSet());
    }
}
