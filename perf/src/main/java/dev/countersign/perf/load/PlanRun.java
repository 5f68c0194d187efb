package dev.countersign.perf.load;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import dev.countersign.perf.data.Results;
import dev.countersign.perf.data.Results.*;
import dev.countersign.perf.run.Folders;
import dev.countersign.perf.server.ServerProcess;
import dev.countersign.perf.threshold.Metric;
import dev.countersign.perf.threshold.Thresholds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Runs scenarios, each against a server of its own: starts it, warms it up, lets JMeter run the plan, stops it, holds
 * what it kept against what it answered, and checks the thresholds.
 */
public final class PlanRun {

    /** How often a scenario is run at most: on a busy machine the load side falls short now and then. */
    private static final int RUNS = 3;

    private final Project project;
    private final List<String> serverCommand;
    private final Thresholds thresholds;
    private final Consumer<String> progress;
    private final JMeter jmeter;

    /**
     * Finds JMeter.
     *
     * @param serverCommand as {@link ServerProcess#start} takes it
     * @param progress is told what begins
     */
    public PlanRun(Project project, List<String> serverCommand, Thresholds thresholds, Consumer<String> progress)
            throws IOException {
        this.project = project;
        this.serverCommand = serverCommand;
        this.thresholds = thresholds;
        this.progress = progress;
        jmeter = new JMeter(project);
    }

    /**
     * Runs one, and once more where the load side fell short, so that the run can't tell: what the server did has no
     * part in that. Samples and logs of the last run, and the dashboard if it has one, are left in its folder of the
     * scratch.
     *
     * @throws IOException if server or JMeter can't be run; neither is left running
     */
    public Load run(Scenario scenario) throws IOException, InterruptedException {
        Load load = run(scenario, 1);
        while (Verdict.worst(load.thresholds()) == Verdict.INVALID
                && load.loadSide().runs() < RUNS) {
            progress.accept(scenario.name() + ": once more, since the load side fell short");
            load = run(scenario, load.loadSide().runs() + 1);
        }
        return load;
    }

    private Load run(Scenario scenario, int runs) throws IOException, InterruptedException {
        Path folder = Folders.empty(project.scratch(scenario));
        Path home = folder.resolve("home");
        CpuClock serverCpu = new CpuClock();
        CpuClock loadCpu = new CpuClock();
        List<OwnFigures> own = new ArrayList<>();
        try {
            JMeter.Run run = drive(scenario, folder, home, serverCpu, loadCpu, own);
            progress.accept(scenario.name() + ": holding the log against the answers");
            List<Sample> samples = Sample.read(run.samples());
            Figures figures = Figures.of(samples, scenario.ramp(), scenario.steady());
            long from = figures.steadyFromMillis();
            long to = figures.steadyToMillis();
            Findings findings = Verifier.verify(samples, home);
            LoadSide loadSide = new LoadSide(
                    loadCpu.secondsBetween(from, to) * 100_000 / (to - from), run.longestPauseMillis(), runs);
            double cpuPerRequest = serverCpu.secondsBetween(from, to) * 1e6 / Math.max(1, figures.steadyRequests());
            if (scenario.hasDashboard()) {
                progress.accept(scenario.name() + ": making its dashboard");
                jmeter.dashboard(run, Folders.empty(project.dashboard(scenario)));
            }
            return new Load(
                    scenario.name(),
                    scenario.virtualUsers(),
                    scenario.steady().toMillis() / 1000.0,
                    scenario.offered(),
                    figures.served(),
                    findings,
                    loadSide,
                    cpuPerRequest,
                    since(from - scenario.ramp().toMillis(), own),
                    thresholds.check(
                            scenario.name(), metrics(scenario.offered(), figures.served(), findings, loadSide)));
        } finally {
            Folders.delete(home);
        }
    }

    /** Their seconds count from 1970 before, and from the start afterwards. */
    private static List<OwnFigures> since(long startMillis, List<OwnFigures> own) {
        return own.stream()
                .map(each -> each.later(-startMillis / 1000.0))
                .filter(each -> each.second() >= 0)
                .toList();
    }

    private JMeter.Run drive(
            Scenario scenario, Path folder, Path home, CpuClock serverCpu, CpuClock loadCpu, List<OwnFigures> own)
            throws IOException, InterruptedException {
        progress.accept(scenario.name() + ": starting a server");
        try (ServerProcess server = ServerProcess.start(serverCommand, home)) {
            if (!scenario.warmUp().isZero()) {
                progress.accept(scenario.name() + ": warming the server up");
                jmeter.start(scenario.warmUpScenario(), server, Folders.empty(folder.resolve("warm-up")))
                        .await(() -> {});
            }
            progress.accept(scenario.name() + ": under way");
            JMeter.Run run = jmeter.start(scenario, server, Folders.empty(folder.resolve("run")));
            run.await(() -> {
                long now = System.currentTimeMillis();
                serverCpu.read(now, server.cpu());
                run.cpu().ifPresent(cpu -> loadCpu.read(now, cpu));
            });
            own.addAll(server.ownFigures(0));
            return run;
        }
    }

    /**
     * Checks what runs have measured against the limits of today: a changed limit needs no new run. Writes the limits and
     * verdicts in the scenarios' files anew; leaves out those that are not there.
     *
     * @param data the folder of the files
     */
    public static void recheck(Path data, Thresholds limits) throws IOException {
        for (Scenario scenario : Scenario.all(false)) {
            Path file = data.resolve(scenario.name() + ".json");
            if (Files.exists(file)) {
                JsonObject json = new Gson().fromJson(Files.readString(file), JsonObject.class);
                Load load = new Gson().fromJson(json, Load.class);
                Map<Metric, Number> metrics = metrics(load.offered(), load.served(), load.findings(), load.loadSide());
                json.add("thresholds", new Gson().toJsonTree(limits.check(scenario.name(), metrics)));
                Results.write(file, json);
            }
        }
    }

    /**
     * What the limits of a load run are about.
     *
     * @param offered requests a second that the plan asks for
     */
    static Map<Metric, Number> metrics(double offered, Served served, Findings findings, LoadSide loadSide) {
        Map<Metric, Number> metrics = new EnumMap<>(Metric.class);
        metrics.put(Metric.NOT_KEPT, findings.lost() + findings.doubled() + findings.altered());
        metrics.put(Metric.NOT_SENT, findings.notSent());
        metrics.put(Metric.AT_ODDS, findings.stray() + findings.registered() - findings.distinctCodes());
        metrics.put(Metric.ERRORS, served.errors());
        metrics.put(Metric.ACKNOWLEDGED, findings.acknowledged());
        metrics.put(Metric.REFUSED, findings.refused());
        metrics.put(Metric.PERCENT_OFF, Math.abs(served.achieved() / offered - 1) * 100);
        metrics.put(Metric.LOAD_CPU_PERCENT, loadSide.cpuPercent());
        metrics.put(Metric.LOAD_PAUSE_MILLIS, loadSide.maxPauseMillis());
        metrics.put(Metric.RAMP_P95_MILLIS, served.rampP95() / 1000.0);
        metrics.put(Metric.P95_MILLIS, served.latency().p95() / 1000.0);
        metrics.put(Metric.P99_MILLIS, served.latency().p99() / 1000.0);
        metrics.put(Metric.CLIENT_MILLIS, served.slowestClientMillis());
        return metrics;
    }
}
