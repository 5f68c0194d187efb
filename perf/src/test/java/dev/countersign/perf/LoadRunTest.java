package dev.countersign.perf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.countersign.perf.capacity.Servers;
import dev.countersign.perf.load.Project;
import dev.countersign.perf.run.RunStep;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.InstantSource;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoadRunTest {

    private final Project project = new Project(Path.of("..").toAbsolutePath().normalize());

    @TempDir
    private Path folder;

    @Test
    void theDocsAndThePagePromiseTheSumOfTheSteps() throws IOException {
        String docs = Files.readString(project.root().resolve("docs/measure.md"));
        String page = Files.readString(
                project.root().resolve("perf/src/main/resources/dev/countersign/perf/report/page/report.html"));

        for (String text : List.of(docs, page)) {
            assertEquals(minutes(false), promised(text, "exec:exec@load[` ]+[|#] *(?:[^\\d\\n]*)(\\d+) minutes"));
            assertEquals(
                    minutes(true), promised(text, "exec:exec@load -Dquick[` ]+[|#] *(?:[^\\d\\n]*)(\\d+) minutes"));
        }
    }

    @Test
    void aQuickRunIsPublishedApartFromTheEvidence() {
        assertFalse(project.reports(true).startsWith(project.reports(false)));
    }

    private long minutes(boolean quick) throws IOException {
        try (Servers servers = new Servers(folder);
                Progress progress = new Progress(InstantSource.system(), System.out)) {
            Duration sum = new LoadRun(project, quick)
                    .steps(servers, progress).stream().map(RunStep::expected).reduce(Duration.ZERO, Duration::plus);
            return Math.round(sum.toSeconds() / 60.0);
        }
    }

    private static long promised(String text, String pattern) {
        Matcher found = Pattern.compile(pattern).matcher(text);
        return found.find() ? Long.parseLong(found.group(1)) : 0;
    }
}
