package dev.countersign.perf.capacity;

import dev.countersign.perf.data.Results.*;
import dev.countersign.perf.run.RunStep;
import dev.countersign.perf.server.JavaCommand;
import dev.countersign.web.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Redis, PostgreSQL and Countersign side by side on one disk, each of which answers once a message is flushed. They take
 * turns in a closed loop, as in {@link CapacityRun}. A program that is not installed, or doesn't start, is left out.
 */
public final class PeerRun {
    private static final int COUNTERSIGN = 0;
    private static final int MOST = 1 + PeerProgram.ALL.size();
    private static final Duration START = Duration.ofSeconds(1);

    private final Servers servers;
    private final Duration warmUp;
    private final Duration turn;
    private final int rounds;
    private final List<String> names = new ArrayList<>();
    private final List<Turns.Entrant> entrants = new ArrayList<>();
    private final List<String> missing = new ArrayList<>();
    private final List<Peer> figures = new ArrayList<>();

    /** @param servers none of which is needed any more */
    public PeerRun(Servers servers, boolean quick) {
        this.servers = servers;
        warmUp = Duration.ofMillis(quick ? 200 : 10_000);
        turn = Duration.ofMillis(quick ? 1000 : 2000);
        rounds = quick ? 1 : 6;
    }

    /** What is measured, in this order; the servers are left running. */
    public List<RunStep> steps() {
        List<RunStep> steps = new ArrayList<>();
        steps.add(new RunStep("starting Redis and PostgreSQL", START.multipliedBy(MOST), this::start));
        for (int texts : List.of(1, 100)) {
            steps.add(new RunStep(
                    "warming up beside Redis and PostgreSQL",
                    warmUp.multipliedBy(MOST),
                    () -> take(51, texts, 1, warmUp)));
            for (int connections : List.of(51, 500)) {
                steps.add(new RunStep(
                        "in turns with Redis and PostgreSQL: %s connections, %s at a time"
                                .formatted(connections, texts),
                        turn.multipliedBy((long) MOST * rounds),
                        () -> compare(connections, texts)));
            }
        }
        return steps;
    }

    /** What the steps found. */
    public Peers result(Environment environment) {
        return new Peers(environment, rounds, turn.toMillis() / 1e3, figures, missing);
    }

    private void start() throws IOException {
        servers.stop();
        // PostgreSQL refuses root, so another user must be able to reach its own folder
        Files.setPosixFilePermissions(servers.folder(), PosixFilePermissions.fromString("rwx--x--x"));
        names.add("Countersign");
        entrants.add(new Turns.Entrant(servers.start(JavaCommand.of(Main.class)), Workload.messages(64, 1)));
        for (PeerProgram program : PeerProgram.ALL) {
            try {
                names.add(servers.start(program));
                entrants.add(new Turns.Entrant(servers.get(entrants.size()), program.workload()));
            } catch (IOException e) {
                missing.add(program.name() + ": " + e.getMessage());
            }
        }
    }

    private void compare(int connections, int texts) {
        try {
            Turns turns = take(connections, texts, rounds, turn);
            for (int i = 0; i < names.size(); i++) {
                Side side = turns.side(i);
                Quartiles ratio = turns.ratio(i, COUNTERSIGN);
                figures.add(
                        new Peer(names.get(i), connections, texts, side.perSecond(), side.p99(), side.errors(), ratio));
            }
        } catch (IOException | IllegalStateException e) { // the rest of a long run is worth more
            missing.add("%s connections, %s at a time: %s".formatted(connections, texts, e.getMessage()));
        }
    }

    private Turns take(int connections, int texts, int times, Duration length) throws IOException {
        List<Turns.Entrant> connected = entrants.stream()
                .map(each -> new Turns.Entrant(
                        each.server(), each.workload().over(connections).carrying(texts, false)))
                .toList();
        return Turns.take(connected, times, length);
    }
}
