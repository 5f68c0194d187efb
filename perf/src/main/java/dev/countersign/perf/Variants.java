package dev.countersign.perf;

import dev.countersign.perf.Requests.Credential;
import dev.countersign.perf.Results.Target;
import dev.countersign.web.Main;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * The server against itself under harder conditions, by turns with one that has 500 registrations, 500 connections and
 * 1 GB of heap: a million registrations, ten thousand connections, a small heap.
 */
final class Variants {
    private static final Workload WORKLOAD = Workload.messages(64, 500);
    private static final int REGISTRATIONS = 1_000_000;
    private static final int IDLE = 9_500;

    // by the order of the turns
    private static final int SAME_SENDERS = 0;
    private static final int ANY_SENDER = 1;
    private static final int BASE = 2;
    private static final int CONNECTIONS = 3;
    private static final int SMALL_HEAP = 4;

    private Variants() {}

    static List<Target> measure(Path scratch, Duration warmUp, int turns, Duration turn) throws IOException {
        List<String> command = JavaCommand.of(Main.class, JavaCommand.FLAGS);
        try (Servers servers = new Servers(scratch)) {
            List<Credential> registered = Seed.registrations(servers.nextHome(), REGISTRATIONS);
            ServerJvm million = servers.start(command);
            ServerJvm base = servers.start(command);
            ServerJvm connected = servers.start(command);
            ServerJvm small = servers.start(JavaCommand.of(Main.class, List.of("-Xmx64m")));
            servers.warmUp(WORKLOAD, warmUp);
            return targets(Turns.take(
                    List.of(
                            new Entrant(million, WORKLOAD),
                            new Entrant(million, WORKLOAD.sentByAnyOf(registered)),
                            new Entrant(base, WORKLOAD),
                            new Entrant(connected, WORKLOAD.besideIdle(IDLE)),
                            new Entrant(small, WORKLOAD)),
                    turns,
                    turn));
        }
    }

    private static List<Target> targets(Turns turns) {
        return List.of(
                throughput(turns, SAME_SENDERS, 0.95, "500 clients among 1,000,000 registrations, against among 500"),
                throughput(turns, ANY_SENDER, 0.95, "each message from any of 1,000,000 clients, against from 500"),
                throughput(turns, CONNECTIONS, 0.8, "10,000 connections, 500 of them busy, against 500 alone"),
                Targets.atMost(
                        "10,000 connections, 500 of them busy: errors",
                        0,
                        turns.side(CONNECTIONS).errors(),
                        ""),
                throughput(turns, SMALL_HEAP, 0.9, "-Xmx64m against -Xmx1g, 500 connections"));
    }

    private static Target throughput(Turns turns, int entrant, double limit, String name) {
        return Targets.atLeast(
                name + ": throughput", limit, turns.ratio(entrant, BASE).median(), "");
    }
}
