package dev.countersign.perf.capacity;

import static dev.countersign.perf.data.Results.OpenRates.EMPTY_SERVLET;
import static dev.countersign.perf.data.Results.OpenRates.SERVER;

import dev.countersign.perf.data.Results.*;
import dev.countersign.perf.run.RunStep;
import dev.countersign.perf.server.JavaCommand;
import dev.countersign.perf.server.ServerProcess;
import dev.countersign.perf.threshold.Metric;
import dev.countersign.perf.threshold.Thresholds;
import dev.countersign.web.Main;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * How long an answer takes at a fixed rate, counted from when each request was due, for server and empty servlet by
 * turns.
 *
 * <p>The rates are shares of the knee: what the server answers a second in a closed loop over the same connections, the
 * median of a few turns. Both servers and the load generator share the machine, so a request of the empty servlet, too,
 * may wait for a core that the generator is using.
 */
public final class OpenRun {
    private static final Workload WORKLOAD = Workload.messages(64, 500);
    private static final List<Integer> PERCENTS_OF_KNEE = List.of(25, 50, 75, 90);
    private static final List<String> TARGETS = List.of(SERVER, EMPTY_SERVLET);

    private final Servers servers;
    private final Duration warmUp;
    private final Duration turn;
    /** To find the knee by. */
    private final int rounds;
    /** Of each rate. */
    private final Duration length;

    private final List<OpenRate> rates = new ArrayList<>();
    private double knee;

    /** @param servers none of which is needed any more */
    public OpenRun(Servers servers, boolean quick) {
        this.servers = servers;
        warmUp = Duration.ofSeconds(quick ? 1 : 40);
        turn = Duration.ofMillis(quick ? 500 : 3000);
        rounds = quick ? 1 : 4;
        length = Duration.ofSeconds(quick ? 1 : 60);
    }

    /** What is measured, in this order; the servers are left running. */
    public List<RunStep> steps() {
        List<RunStep> steps = new ArrayList<>();
        steps.add(servers.begin(
                WORKLOAD, warmUp, List.of(JavaCommand.of(Main.class), JavaCommand.of(EmptyServlet.class))));
        steps.add(new RunStep("looking for the knee", turn.multipliedBy(2L * rounds), () -> {
            Turns turns = servers.turns(WORKLOAD, TARGETS.size(), rounds, turn);
            knee = turns.side(0).perSecond().median();
        }));
        for (int percent : PERCENTS_OF_KNEE) {
            for (String target : TARGETS) {
                String name = "%s at %s %% of the knee".formatted(target, percent);
                steps.add(new RunStep(name, length, () -> rates.add(measure(target, percent))));
            }
        }
        return steps;
    }

    /** What the steps found. */
    public OpenRates result() {
        return new OpenRates(WORKLOAD.request(), WORKLOAD.busy(), knee, length.toMillis() / 1e3, rates);
    }

    /** The server's p99 over the empty servlet's, at half the knee. */
    public static List<Threshold> judge(Thresholds thresholds, OpenRates measured) {
        double ratio = p99AtHalf(measured, SERVER) / Math.max(1.0, p99AtHalf(measured, EMPTY_SERVLET));
        return thresholds.check(
                "half-knee",
                "50 % of the knee, 500 connections, over the empty servlet",
                Map.of(Metric.P99_RATIO, ratio));
    }

    private static long p99AtHalf(OpenRates measured, String target) {
        return measured.rates().stream()
                .filter(rate -> rate.target().equals(target) && rate.percentOfKnee() == 50)
                .mapToLong(rate -> rate.latency().p99())
                .findFirst()
                .orElseThrow();
    }

    private OpenRate measure(String target, int percent) throws IOException {
        double perSecond = knee * percent / 100;
        ServerProcess server = servers.get(TARGETS.indexOf(target));
        long begin = System.currentTimeMillis();
        try (LoadGenerator load = WORKLOAD.connect(server)) {
            Turn answered = load.openRate(perSecond, length);
            return new OpenRate(
                    target,
                    percent,
                    perSecond,
                    answered.perSecond(),
                    answered.errors(),
                    Latency.of(answered.latencies(), 1),
                    Point.distribution(answered.latencies(), 1),
                    target.equals(SERVER) ? server.ownFigures(begin) : List.of());
        }
    }
}
