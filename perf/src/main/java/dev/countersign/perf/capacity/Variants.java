package dev.countersign.perf.capacity;

import dev.countersign.perf.data.Results.Target;
import dev.countersign.perf.server.Credential;
import dev.countersign.perf.server.JavaCommand;
import dev.countersign.perf.server.Seed;
import dev.countersign.perf.server.ServerJvm;
import dev.countersign.web.Main;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * The server against itself under harder conditions: a million registrations, ten thousand connections, a small heap.
 * Each takes turns with one that has 500 registrations, 500 connections and 1 GB of heap.
 */
final class Variants {
    private static final Workload WORKLOAD = Workload.messages(64, 500);
    private static final int REGISTRATIONS = 1_000_000;
    private static final int IDLE = 9_500;

    private final Entrant base;
    private final int rounds;
    private final Duration turn;
    private final List<Target> targets = new ArrayList<>();

    private Variants(Entrant base, int rounds, Duration turn) {
        this.base = base;
        this.rounds = rounds;
        this.turn = turn;
    }

    /**
     * Measures all of them, in servers that it starts.
     *
     * @param rounds of turns for each variant
     * @throws IOException if a server doesn't start
     */
    static List<Target> measure(Path scratch, Duration warmUp, int rounds, Duration turn) throws IOException {
        List<String> command = JavaCommand.of(Main.class, JavaCommand.FLAGS);
        try (Servers servers = new Servers(scratch)) {
            List<Credential> registered = Seed.registrations(servers.nextHome(), REGISTRATIONS);
            ServerJvm million = servers.start(command);
            ServerJvm ordinary = servers.start(command);
            ServerJvm small = servers.start(JavaCommand.of(Main.class, JavaCommand.flags("64m")));
            ServerJvm connected = servers.start(command);
            servers.warmUp(WORKLOAD, warmUp);
            Variants variants = new Variants(new Entrant(ordinary, WORKLOAD), rounds, turn);
            variants.compare(
                    "500 clients among 1,000,000 registrations, against among 500",
                    0.95,
                    new Entrant(million, WORKLOAD));
            variants.compare(
                    "each message from any of 1,000,000 clients, against from 500",
                    0.95,
                    new Entrant(million, WORKLOAD.sentByAnyOf(registered)));
            variants.compare("64 MB of heap against 1 GB, 500 connections", 0.9, new Entrant(small, WORKLOAD));
            variants.compare(
                    "10,000 connections, 500 of them busy, against 500 alone",
                    0.8,
                    new Entrant(connected, WORKLOAD.besideIdle(IDLE)));
            return variants.targets;
        }
    }

    private void compare(String name, double limit, Entrant variant) throws IOException {
        Turns turns = Turns.take(List.of(variant, base), rounds, turn);
        targets.add(
                Targets.atLeast(name + ": throughput", limit, turns.ratio(0, 1).median(), ""));
        targets.add(Targets.atMost(name + ": errors", 0, turns.side(0).errors(), ""));
    }
}
