package dev.countersign.perf.capacity;

import dev.countersign.perf.data.Results.Threshold;
import dev.countersign.perf.run.RunStep;
import dev.countersign.perf.server.JavaCommand;
import dev.countersign.perf.threshold.Metric;
import dev.countersign.perf.threshold.Thresholds;
import dev.countersign.web.Main;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;

/**
 * The server against itself under harder conditions: a million registrations, ten thousand connections, a small heap.
 * Each takes turns with one that has 500 registrations, 500 connections and 1 GB of heap.
 *
 * @param judged takes what the steps find
 */
record Variants(Servers servers, Thresholds thresholds, List<Threshold> judged, int rounds, Duration turn) {
    private static final Workload WORKLOAD = Workload.messages(64, 500);
    private static final int REGISTRATIONS = 1_000_000;
    private static final int IDLE = 9_500;

    private static final int MILLION = 0;
    private static final int ORDINARY = 1;
    private static final int SMALL = 2;
    private static final int CONNECTED = 3;

    List<RunStep> steps(Duration warmUp) {
        List<Credential> registered = new ArrayList<>();
        return List.of(
                new RunStep(
                        "a million registrations",
                        warmUp.multipliedBy(4).plusMinutes(1),
                        () -> registered.addAll(start(warmUp))),
                compare(
                        "million-registered",
                        "500 clients among 1,000,000 registrations, over 500 clients alone",
                        MILLION,
                        workload -> workload),
                compare(
                        "million-senders",
                        "each message from any of 1,000,000 clients, over 500 clients",
                        MILLION,
                        workload -> workload.sentByAnyOf(registered)),
                compare("small-heap", "64 MB of heap over 1 GB, 500 connections", SMALL, workload -> workload),
                compare(
                        "idle-connections",
                        "10,000 connections, 500 of them busy, over 500 alone",
                        CONNECTED,
                        workload -> workload.besideIdle(IDLE)));
    }

    private List<Credential> start(Duration warmUp) throws IOException {
        List<String> command = JavaCommand.of(Main.class);
        servers.stop();
        List<Credential> registered = Workload.register(servers.start(command), REGISTRATIONS);
        servers.start(command);
        servers.start(JavaCommand.of(Main.class, JavaCommand.flags("64m")));
        servers.start(command);
        servers.warmUp(WORKLOAD, warmUp);
        return registered;
    }

    private RunStep compare(String scenario, String title, int variant, UnaryOperator<Workload> change) {
        return new RunStep(title, turn.multipliedBy(2L * rounds), () -> {
            Turns turns = Turns.take(
                    List.of(
                            new Turns.Entrant(servers.get(variant), change.apply(WORKLOAD)),
                            new Turns.Entrant(servers.get(ORDINARY), WORKLOAD)),
                    rounds,
                    turn);
            judged.addAll(thresholds.check(
                    scenario,
                    title,
                    Map.of(
                            Metric.THROUGHPUT_RATIO, turns.ratio(0, 1).median(),
                            Metric.FAILURES, turns.side(0).errors())));
        });
    }
}
