package dev.countersign.perf.load;

import dev.countersign.perf.data.Results.Gate;
import dev.countersign.perf.data.Results.Load;
import dev.countersign.perf.load.Verifier.Findings;
import dev.countersign.perf.server.ServerJvm;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/**
 * Runs scenarios, each against a server of its own: starts it, warms it up, lets JMeter run the plan, stops it, holds
 * what it kept against what it answered, and checks the gates.
 */
public final class PlanRun {

    private final Project project;
    private final List<String> serverCommand;
    private final Gates gates;
    private final Consumer<String> progress;
    private final JMeter jmeter;

    /**
     * Finds JMeter.
     *
     * @param serverCommand as {@link ServerJvm#start} takes it
     * @param progress is told what begins
     */
    public PlanRun(Project project, List<String> serverCommand, Gates gates, Consumer<String> progress)
            throws IOException {
        this.project = project;
        this.serverCommand = serverCommand;
        this.gates = gates;
        this.progress = progress;
        jmeter = new JMeter(project);
    }

    /**
     * Runs one. Its samples and logs, and the dashboard if it has one, are left in its folder of the scratch.
     *
     * @throws IOException if server or JMeter can't be run; neither is left running
     */
    public Load run(Scenario scenario) throws IOException, InterruptedException {
        Path folder = Project.emptyFolder(project.scratch(scenario));
        Path home = folder.resolve("home");
        CpuClock serverCpu = new CpuClock();
        CpuClock loadCpu = new CpuClock();
        try {
            JMeter.Run run = drive(scenario, folder, home, serverCpu, loadCpu);
            progress.accept(scenario.name() + ": holding the log against the answers");
            List<Sample> samples = Sample.read(run.samples());
            Figures figures = Figures.of(samples, scenario.ramp(), scenario.steady());
            long from = figures.steadyFromMillis();
            long to = figures.steadyToMillis();
            Measured measured = new Measured(
                    scenario,
                    figures,
                    Verifier.verify(samples, home),
                    loadCpu.secondsBetween(from, to) * 100_000 / (to - from),
                    run.longestPauseMillis(),
                    serverCpu.secondsBetween(from, to) * 1e6 / Math.max(1, figures.steadyRequests()));
            if (scenario.hasDashboard()) {
                progress.accept(scenario.name() + ": making its dashboard");
                jmeter.dashboard(run, Project.emptyFolder(project.dashboard(scenario)));
            }
            return load(measured, gates.check(measured));
        } finally {
            Project.delete(home);
        }
    }

    private JMeter.Run drive(Scenario scenario, Path folder, Path home, CpuClock serverCpu, CpuClock loadCpu)
            throws IOException, InterruptedException {
        progress.accept(scenario.name() + ": starting a server");
        try (ServerJvm server = ServerJvm.start(serverCommand, home)) {
            if (!scenario.warmUp().isZero()) {
                progress.accept(scenario.name() + ": warming the server up");
                jmeter.start(scenario.warmUpScenario(), server, Project.emptyFolder(folder.resolve("warm-up")))
                        .await(() -> {});
            }
            progress.accept(scenario.name() + ": under way");
            JMeter.Run run = jmeter.start(scenario, server, Project.emptyFolder(folder.resolve("run")));
            run.await(() -> {
                long now = System.currentTimeMillis();
                serverCpu.read(now, server.cpu());
                run.cpu().ifPresent(cpu -> loadCpu.read(now, cpu));
            });
            return run;
        }
    }

    private static Load load(Measured run, List<Gate> gates) {
        Scenario scenario = run.scenario();
        Figures figures = run.figures();
        Findings findings = run.findings();
        return new Load(
                scenario.name(),
                scenario.users(),
                scenario.steady().toMillis() / 1000.0,
                scenario.offered(),
                figures.achieved(),
                findings.registered(),
                findings.distinctCodes(),
                findings.rows(),
                findings.acknowledged(),
                findings.inLog(),
                findings.lost(),
                findings.doubled(),
                run.notSent(),
                findings.altered(),
                findings.wrongCodesSent(),
                findings.refused(),
                figures.errors(),
                figures.p50(),
                figures.p95(),
                figures.p99(),
                figures.max(),
                figures.rampP95(),
                run.loadCpuPercent(),
                run.loadMaxPauseMillis(),
                run.serverCpuMicrosPerRequest(),
                figures.steps(),
                figures.distribution(),
                figures.seconds(),
                gates);
    }
}
