package dev.countersign.perf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.perf.load.Project;
import dev.countersign.perf.server.JavaCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class InterruptionTest {

    @Test
    void aTerminatedRunLeavesNoProcessAndNoFolder() throws Exception {
        Project project = new Project(Path.of("..").toRealPath());
        Process run = new ProcessBuilder(JavaCommand.of(LoadRun.class, List.of("-Dquick=true")))
                .directory(project.root().toFile())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        boolean underWay = run.inputReader().lines().anyMatch(line -> line.contains("under way"));
        List<ProcessHandle> started = run.descendants().toList();

        run.destroy();

        int sigterm = 128 + 15;
        assertEquals(sigterm, run.waitFor());
        assertTrue(underWay && !started.isEmpty(), "it was not stopped in the middle of its work");
        assertEquals(List.of(), started.stream().filter(ProcessHandle::isAlive).toList());
        assertFalse(Files.exists(project.scratch()));
    }
}
