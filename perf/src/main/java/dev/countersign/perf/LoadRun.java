package dev.countersign.perf;

import dev.countersign.perf.capacity.CapacityRun;
import dev.countersign.perf.capacity.OpenRun;
import dev.countersign.perf.capacity.PeerRun;
import dev.countersign.perf.capacity.Servers;
import dev.countersign.perf.data.Results;
import dev.countersign.perf.data.Results.*;
import dev.countersign.perf.load.PlanRun;
import dev.countersign.perf.load.Project;
import dev.countersign.perf.load.Scenario;
import dev.countersign.perf.report.ReportPage;
import dev.countersign.perf.report.Units;
import dev.countersign.perf.run.Folders;
import dev.countersign.perf.run.Interruption;
import dev.countersign.perf.run.RunStep;
import dev.countersign.perf.server.JavaCommand;
import dev.countersign.perf.threshold.Thresholds;
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
import java.util.stream.Stream;

/**
 * The whole load run: {@code mvn -pl perf exec:exec@load}, with {@code -Dquick} for a look of two minutes. {@code mvn -pl
 * perf exec:exec@peers} measures anew what the run has of other servers, and nothing else.
 *
 * <p>It writes to {@code reports}, a quick one to {@code perf/target/reports}, once everything is measured: what stands
 * there is of one run, and stays as it is when another is interrupted. Exit codes: 0 all thresholds hold, 1 one is missed or INVALID, 2 it can't be run.
 */
public final class LoadRun {

    /** Where the machine keeps its JDK is nobody's business; which JDK it was stands beside it. */
    private static final Pattern JVM_PATH = Pattern.compile("\"jvm\" : \"[^\"]*\"");

    private final Project project;
    private final boolean quick;
    private final List<Threshold> thresholds = new ArrayList<>();
    private Environment environment;

    LoadRun(Project project, boolean quick) {
        this.project = project;
        this.quick = quick;
    }

    /** Takes {@code peers}, for the other servers alone, or nothing. */
    public static void main(String[] arguments) {
        Project project = new Project(Path.of("").toAbsolutePath());
        LoadRun run = new LoadRun(project, Boolean.getBoolean("quick"));
        Interruption interruption = Interruption.prepare(project.scratch());
        try {
            Verdict verdict = run.measure(List.of(arguments).contains("peers"));
            interruption.exit(verdict == Verdict.PASS ? 0 : 1, run.summary());
        } catch (IOException | InterruptedException e) {
            interruption.exit(2, "can't run: " + e.getMessage());
        }
    }

    /** Measures everything, or the other servers alone, publishes it, and gives the worst result of a threshold. */
    Verdict measure(boolean peersAlone) throws IOException, InterruptedException {
        Folders.empty(project.scratch());
        Files.createDirectory(project.data());
        environment = Machine.environment(project, String.join(" ", JavaCommand.FLAGS), quick);
        try (Servers servers = new Servers(project.scratch());
                Progress progress = new Progress(InstantSource.system(), System.out)) {
            progress.run(peersAlone ? peers(servers) : steps(servers, progress));
        }
        publish();
        return Verdict.worst(thresholds);
    }

    /** What is measured, in this order. */
    List<RunStep> steps(Servers servers, Progress progress) throws IOException {
        Thresholds all = Thresholds.read(project.thresholds());
        Thresholds limits = quick ? all.forQuickRun() : all;
        PlanRun plans = new PlanRun(project, JavaCommand.of(Main.class), limits, progress::say);
        CapacityRun capacity = new CapacityRun(servers, limits, quick);
        OpenRun open = new OpenRun(servers, quick);
        List<RunStep> steps = new ArrayList<>();
        Duration flushing = Duration.ofSeconds(quick ? 1 : 5);
        steps.add(new RunStep(
                "flushing to the disk", flushing, () -> write("disk", DiskFlush.measure(project.scratch(), flushing))));
        for (Scenario scenario : Scenario.all(quick)) {
            steps.add(new RunStep(scenario.name(), scenario.expected(), () -> {
                Load load = plans.run(scenario);
                thresholds.addAll(load.thresholds());
                write(scenario.name(), load);
            }));
        }
        steps.addAll(capacity.steps());
        steps.addAll(open.steps());
        steps.add(new RunStep("writing it down", Duration.ofSeconds(1), () -> {
            write("open", open.result());
            write("capacity", capacity.result(OpenRun.judge(limits, open.result())));
            write("environment", environment);
        }));
        steps.addAll(peers(servers));
        return steps;
    }

    private List<RunStep> peers(Servers servers) {
        PeerRun peers = new PeerRun(servers, quick);
        List<RunStep> steps = new ArrayList<>(peers.steps());
        steps.add(new RunStep(
                "writing down the other servers", Duration.ZERO, () -> write("peers", peers.result(environment))));
        return steps;
    }

    private void write(String name, Object result) throws IOException {
        Results.write(project.data().resolve(name + ".json"), result);
    }

    private void publish() throws IOException {
        Path reports = project.reports(quick);
        Path data = Files.createDirectories(reports.resolve("data"));
        if (!quick && Files.exists(project.data().resolve("capacity.json"))) {
            try {
                Results.write(
                        data.resolve("history.json"), ReportPage.runs(data)); // before the last run is written over
            } catch (IOException e) { // it is of no use for a comparison, and no reason to fail
                System.out.println("The run before is not kept for comparison: " + e.getMessage());
            }
        }
        try (Stream<Path> files = Files.list(project.data())) {
            for (Path file : files.toList()) {
                Files.copy(file, data.resolve(file.getFileName()), StandardCopyOption.REPLACE_EXISTING);
            }
        }
        for (Scenario scenario : Scenario.all(quick)) {
            if (Files.exists(project.dashboard(scenario))) {
                Path published = reports.resolve(scenario.name());
                Folders.delete(published);
                Files.move(project.dashboard(scenario), published);
            }
        }
        if (Files.exists(project.benchmarks())) {
            String results = Files.readString(project.benchmarks());
            Files.writeString(
                    data.resolve("jmh.json"), JVM_PATH.matcher(results).replaceAll("\"jvm\" : \"java\""));
        }
        ReportPage.write(reports);
    }

    /** The thresholds that were missed, the verdict, and where the page is. */
    private String[] summary() {
        List<String> lines = new ArrayList<>();
        thresholds.stream()
                .filter(each -> each.verdict() != Verdict.PASS)
                .map(each -> "%s  %s: %s".formatted(each.verdict(), each.scenario(), Units.threshold(each)))
                .forEach(lines::add);
        if (!thresholds.isEmpty()) {
            lines.add(Verdict.worst(thresholds).toString());
        }
        lines.add("The report: " + ReportPage.of(project.reports(quick)).toUri());
        return lines.toArray(String[]::new);
    }
}
