package dev.countersign.perf.capacity;

import com.google.gson.GsonBuilder;
import dev.countersign.perf.data.Results.Capacity;
import dev.countersign.perf.data.Results.Comparison;
import dev.countersign.perf.data.Results.Quartiles;
import dev.countersign.perf.data.Results.Target;
import dev.countersign.perf.server.JavaCommand;
import dev.countersign.web.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * How much the server holds, as a share of what an empty servlet on the same Jetty does ({@link Floor}).
 *
 * <p>Server, floor and a second copy of the floor are alive side by side, each on its own JVM with the same flags, and
 * warm. They take turns of a few seconds in changing order under a closed loop: each connection sends its next request
 * when the one before is answered. The second copy is the control: what it differs by from the first is noise.
 *
 * <p>Then a server that leaves the flush to the operating system takes turns with a floor, to tell the disk's share of
 * what is missing from the server's own.
 */
public final class CapacityRun {
    private static final int SERVER = 0;
    private static final int FLOOR = 1;
    private static final int CONTROL = 2;

    /** Connections at which all three take the full number of turns. */
    private static final List<Integer> FULL = List.of(51, 500);

    private static final int ASIDE_TURNS = 4;

    private final Plan plan;
    private final Path scratch;
    private final Consumer<String> progress;
    private final List<Comparison> comparisons = new ArrayList<>();
    private final List<Comparison> unflushed = new ArrayList<>();

    private CapacityRun(Plan plan, Path scratch, Consumer<String> progress) {
        this.plan = plan;
        this.scratch = scratch;
        this.progress = progress;
    }

    /**
     * How long what takes.
     *
     * @param bodyBytes texts of the messages
     * @param warmUp of each server before its first turn
     * @param turns of each at {@link #FULL} connections
     * @param aside connections at which they take few turns
     * @param starts of server and floor, to time them
     * @param variants turns of each of the {@link Variants}, 0 to leave them out, and with them the unflushed server
     */
    private record Plan(
            List<Integer> bodyBytes,
            Duration warmUp,
            Duration turn,
            int turns,
            List<Integer> aside,
            int starts,
            int variants) {

        static Plan of(boolean quick) {
            return quick
                    ? new Plan(List.of(64), Duration.ofMillis(1500), Duration.ofMillis(400), 3, List.of(), 1, 0)
                    : new Plan(
                            List.of(64, 4096),
                            Duration.ofSeconds(40),
                            Duration.ofSeconds(3),
                            12,
                            List.of(1, 8, 200),
                            5,
                            6);
        }

        Duration expected() {
            Duration each = turn.multipliedBy(3L * (turns * FULL.size() + ASIDE_TURNS * aside.size()));
            Duration warmUps = warmUp.multipliedBy(2L * 3);
            Duration variant = variants == 0
                    ? Duration.ZERO
                    : turn.multipliedBy(4L * 2 * variants + 2L * turns * FULL.size())
                            .plus(warmUp.multipliedBy(2 + 2))
                            .plusSeconds(30);
            return each.multipliedBy(bodyBytes.size() + 1L)
                    .plus(warmUps)
                    .plus(variant)
                    .plusSeconds(5 + 3L * starts);
        }
    }

    /** About how long {@link #run} takes. */
    public static Duration expected(boolean quick) {
        return Plan.of(quick).expected();
    }

    /**
     * Measures all of it.
     *
     * @param scratch where the servers keep what they write: on the disk that is to be measured
     * @param progress is told what begins
     * @throws IOException if a server doesn't start or answers nothing; none is left running
     */
    public static Capacity run(Path scratch, boolean quick, Consumer<String> progress) throws IOException {
        return new CapacityRun(Plan.of(quick), scratch, progress).measure();
    }

    /** Measures this alone, from the checkout's root: {@code CapacityRun FILE}, with {@code -Dquick=true} for a look. */
    public static void main(String[] file) throws IOException {
        Capacity capacity = run(Path.of("perf/target"), Boolean.getBoolean("quick"), System.out::println);
        Files.writeString(
                Path.of(file[0]), new GsonBuilder().setPrettyPrinting().create().toJson(capacity) + "\n");
    }

    private Capacity measure() throws IOException {
        List<Target> targets = new ArrayList<>();
        compareMessages();
        compareRegistrations();
        targets.addAll(Targets.of(comparisons));
        if (plan.variants > 0) {
            compareUnflushed();
            progress.accept("a million registrations, ten thousand connections, a small heap");
            targets.addAll(Variants.measure(scratch, plan.warmUp.dividedBy(2), plan.variants, plan.turn));
        }
        targets.add(startTime());
        return new Capacity(
                LoadGenerator.NAME,
                plan.warmUp.toMillis() / 1e3,
                List.copyOf(comparisons),
                List.copyOf(unflushed),
                targets);
    }

    private void compareMessages() throws IOException {
        try (Servers servers = new Servers(scratch)) {
            startWarm(servers, Workload.messages(plan.bodyBytes.get(0), FULL.get(0)), server(), floor(), floor());
            for (int bytes : plan.bodyBytes) {
                compare(servers, Workload.messages(bytes, 1));
            }
        }
    }

    /** In JVMs of their own: among those that had served messages before, two of the floor differed by up to 7 %. */
    private void compareRegistrations() throws IOException {
        try (Servers servers = new Servers(scratch)) {
            startWarm(servers, Workload.registrations(FULL.get(0)), server(), floor(), floor());
            compare(servers, Workload.registrations(1));
        }
    }

    private void compareUnflushed() throws IOException {
        try (Servers servers = new Servers(scratch)) {
            int bytes = plan.bodyBytes.get(0);
            startWarm(servers, Workload.messages(bytes, FULL.get(0)), server("--sync=os"), floor());
            for (int connections : FULL) {
                Workload workload = Workload.messages(bytes, connections);
                progress.accept("without the flush, in turns with the floor: " + workload);
                Turns turns = servers.turns(workload, 2, plan.turns, plan.turn);
                unflushed.add(comparison(workload, plan.turns, turns, null));
            }
        }
    }

    @SafeVarargs
    private void startWarm(Servers servers, Workload workload, List<String>... commands) throws IOException {
        for (List<String> command : commands) {
            servers.start(command);
        }
        progress.accept("warming up: " + workload);
        servers.warmUp(workload, plan.warmUp);
    }

    private void compare(Servers servers, Workload workload) throws IOException {
        for (int connections : FULL) {
            compare(servers, workload.over(connections), plan.turns, true);
        }
        for (int connections : plan.aside) {
            compare(servers, workload.over(connections), ASIDE_TURNS, false);
        }
    }

    /** All three even where the control isn't told: a JVM compiles by what it has run, so it must run the same. */
    private void compare(Servers servers, Workload workload, int rounds, boolean withControl) throws IOException {
        progress.accept("in turns with the floor: " + workload);
        Turns turns = servers.turns(workload, 3, rounds, plan.turn);
        comparisons.add(comparison(workload, rounds, turns, withControl ? turns.ratio(CONTROL, FLOOR) : null));
    }

    private Comparison comparison(Workload workload, int rounds, Turns turns, Quartiles control) {
        return new Comparison(
                workload.request(),
                workload.bodyBytes(),
                workload.busy(),
                rounds,
                plan.turn.toMillis() / 1e3,
                turns.side(SERVER),
                turns.side(FLOOR),
                turns.ratio(SERVER, FLOOR),
                turns.cpuRatio(SERVER, FLOOR),
                control);
    }

    private Target startTime() throws IOException {
        progress.accept("starting server and floor");
        try (Servers servers = new Servers(scratch)) {
            List<Double> seconds = StartTime.medians(servers, List.of(server(), floor()), plan.starts);
            return Targets.atMost(
                    "start, until both ports answer (the floor: %.2f s)".formatted(seconds.get(FLOOR)),
                    1,
                    seconds.get(SERVER),
                    "s");
        }
    }

    private static List<String> server(String... options) {
        List<String> command = JavaCommand.of(Main.class, JavaCommand.FLAGS);
        command.addAll(List.of(options));
        return command;
    }

    private static List<String> floor() {
        return JavaCommand.of(Floor.class, JavaCommand.FLAGS);
    }
}
