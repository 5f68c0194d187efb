package dev.countersign.perf;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import dev.countersign.perf.capacity.CapacityRun;
import dev.countersign.perf.capacity.OpenRun;
import dev.countersign.perf.data.Results.Capacity;
import dev.countersign.perf.data.Results.Gate;
import dev.countersign.perf.data.Results.Load;
import dev.countersign.perf.data.Results.OpenRates;
import dev.countersign.perf.data.Results.Verdict;
import dev.countersign.perf.load.Gates;
import dev.countersign.perf.load.PlanRun;
import dev.countersign.perf.load.Project;
import dev.countersign.perf.load.Scenario;
import dev.countersign.perf.report.ReportPage;
import dev.countersign.perf.server.JavaCommand;
import dev.countersign.web.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The whole load run: {@code mvn -pl perf exec:exec@load}, with {@code -Dquick} for a look of two minutes.
 *
 * <p>It writes to {@code reports} once everything is measured: what stands there is of one run, and stays as it is when
 * another is interrupted. Exit codes: 0 all gates hold, 1 one is missed or INVALID, 2 it can't be run.
 */
public final class LoadRun {

    /** Where the machine keeps its JDK is nobody's business; which JDK it was stands beside it. */
    private static final Pattern JVM_PATH = Pattern.compile("\"jvm\" : \"[^\"]*\"");

    private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();

    private final Project project;
    private final List<String> serverCommand;
    private final boolean quick;
    private final List<Gate> gates = new ArrayList<>();

    LoadRun(Project project, List<String> serverCommand, boolean quick) {
        this.project = project;
        this.serverCommand = serverCommand;
        this.quick = quick;
    }

    /** Measures one thing and writes it down. */
    private record Part(Duration expected, Work work) {}

    private interface Work {
        void run() throws IOException, InterruptedException;
    }

    public static void main(String[] arguments) {
        Project project = new Project(Path.of("").toAbsolutePath());
        List<String> server = JavaCommand.of(Main.class, JavaCommand.FLAGS);
        LoadRun run = new LoadRun(project, server, Boolean.getBoolean("quick"));
        Interruption interruption = Interruption.prepare(project.scratch());
        try {
            Verdict verdict = run.measure();
            interruption.exit(verdict == Verdict.PASS ? 0 : 1, run.summary());
        } catch (IOException | InterruptedException e) {
            interruption.exit(2, "can't run: " + e.getMessage());
        }
    }

    /** Measures everything, publishes it, and gives the worst that a gate came to. */
    Verdict measure() throws IOException, InterruptedException {
        Project.emptyFolder(project.scratch());
        Files.createDirectory(project.data());
        write("environment", Machine.environment(project, String.join(" ", JavaCommand.FLAGS), quick));
        try (Progress progress = new Progress(InstantSource.system(), System.out)) {
            List<Part> parts = parts(progress);
            parts.forEach(part -> progress.expect(part.expected));
            for (Part part : parts) {
                progress.begin(part.expected);
                part.work.run();
            }
        }
        publish();
        return Verdict.worst(gates);
    }

    /** What is measured, in this order. */
    private List<Part> parts(Progress progress) throws IOException {
        List<Part> parts = new ArrayList<>();
        Gates limits = Gates.read(project.gates());
        PlanRun plans = new PlanRun(project, serverCommand, quick ? limits.ofPromises() : limits, progress::say);
        for (Scenario scenario : Scenario.all(quick)) {
            parts.add(new Part(scenario.expected(), () -> {
                Load load = plans.run(scenario);
                gates.addAll(load.gates());
                write(scenario.name(), load);
            }));
        }
        parts.add(new Part(CapacityRun.expected(quick).plus(OpenRun.expected(quick)), () -> {
            Capacity capacity = CapacityRun.run(project.scratch(), quick, progress::say);
            OpenRates open = OpenRun.run(project.scratch(), quick, progress::say);
            write("capacity", capacity.with(OpenRun.target(open)));
            write("open", open);
        }));
        return parts;
    }

    private void write(String name, Object result) throws IOException {
        Files.writeString(project.data().resolve(name + ".json"), GSON.toJson(result) + "\n");
    }

    private void publish() throws IOException {
        Path data = Files.createDirectories(project.reports().resolve("data"));
        try (Stream<Path> files = Files.list(project.data())) {
            for (Path file : files.toList()) {
                Files.copy(file, data.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        for (Scenario scenario : Scenario.all(quick)) {
            if (scenario.hasDashboard()) {
                Path published = project.reports().resolve(scenario.name());
                Project.delete(published);
                Files.move(project.dashboard(scenario), published);
            }
        }
        if (Files.exists(project.benchmarks())) {
            String results = Files.readString(project.benchmarks());
            Files.writeString(
                    data.resolve("jmh.json"), JVM_PATH.matcher(results).replaceAll("\"jvm\" : \"java\""));
        }
        ReportPage.write(project.reports());
    }

    /** The verdict, after the gates that stand against a better one. */
    private String summary() {
        return Stream.concat(
                        gates.stream()
                                .filter(gate -> gate.verdict() != Verdict.PASS)
                                .map(gate -> "%s  %s, %s: %.2f %s, limit %.2f"
                                        .formatted(
                                                gate.verdict(),
                                                gate.scenario(),
                                                gate.name(),
                                                gate.measured(),
                                                gate.unit(),
                                                gate.limit())),
                        Stream.of(Verdict.worst(gates).toString()))
                .collect(Collectors.joining(System.lineSeparator()));
    }
}
