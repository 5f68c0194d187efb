package dev.countersign.perf;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.sun.management.OperatingSystemMXBean;
import dev.countersign.perf.data.Results.Environment;
import dev.countersign.perf.load.Project;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.stream.Stream;

/** What the figures are of: this checkout on this machine, which is not named. */
final class Machine {

    private Machine() {}

    /**
     * Reads it.
     *
     * @param serverFlags of the JVM that is measured
     */
    static Environment environment(Project project, String serverFlags, boolean quick) throws IOException {
        OperatingSystemMXBean system = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        return new Environment(
                git(project, "git", "rev-parse", "HEAD"),
                !git(project, "git", "status", "--porcelain", "--", ".", ":!reports")
                        .isEmpty(),
                Instant.now().truncatedTo(ChronoUnit.SECONDS).toString(),
                cpu(),
                system.getAvailableProcessors(),
                system.getTotalMemorySize() / (1024 * 1024),
                system.getName() + " " + system.getVersion(),
                Files.getFileStore(project.scratch()).type(),
                System.getProperty("java.vm.name") + " " + System.getProperty("java.runtime.version") + " ("
                        + System.getProperty("java.vendor") + ")",
                serverFlags,
                quick);
    }

    /** What a command of git prints; nothing where there is no repository, or no git. */
    private static String git(Project project, String... command) {
        try {
            Process git = new ProcessBuilder(command)
                    .directory(project.root().toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            return new String(git.getInputStream().readAllBytes(), UTF_8).strip();
        } catch (IOException e) {
            return "";
        }
    }

    /** As Linux calls it; elsewhere only its architecture is known. */
    private static String cpu() throws IOException {
        Path cpus = Path.of("/proc/cpuinfo");
        if (Files.notExists(cpus)) {
            return System.getProperty("os.arch");
        }
        try (Stream<String> lines = Files.lines(cpus)) {
            return lines.filter(line -> line.startsWith("model name"))
                    .findFirst()
                    .map(line -> line.substring(line.indexOf(':') + 1).strip())
                    .orElseGet(() -> System.getProperty("os.arch"));
        }
    }
}
