package dev.countersign.perf.capacity;

import dev.countersign.perf.data.Results.*;
import dev.countersign.perf.run.RunStep;
import dev.countersign.perf.server.JavaCommand;
import dev.countersign.perf.threshold.Metric;
import dev.countersign.perf.threshold.Thresholds;
import dev.countersign.web.Main;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * How much the server holds, as a share of what an empty servlet on the same Jetty does ({@link EmptyServlet}).
 *
 * <p>Server, empty servlet and a second copy of the empty servlet are alive side by side, each on its own JVM with the
 * same flags, and warm. They take turns of a few seconds in changing order under a closed loop: each connection sends its
 * next request when the one before is answered. The second copy is the control: what it differs by from the first is
 * noise.
 *
 * <p>Then a server that leaves the flush to the operating system takes turns with an empty servlet, to tell the disk's
 * share of what is missing from the server's own; and server and empty servlet take turns with TLS.
 */
public final class CapacityRun {
    private static final int SERVER = 0;
    private static final int EMPTY = 1;
    private static final int CONTROL = 2;

    private static final List<String> MAIN = JavaCommand.of(Main.class);
    private static final List<String> EMPTY_SERVLET = JavaCommand.of(EmptyServlet.class);

    /** Connections at which all three take the full number of turns. */
    private static final List<Integer> FULL = List.of(51, 500);

    private static final int SMALL_BODY = 64;
    private static final int ASIDE_ROUNDS = 4;
    private static final int VARIANT_ROUNDS = 6;
    private static final Duration START = Duration.ofSeconds(1);

    private final Servers servers;
    private final Thresholds thresholds;
    private final List<Comparison> comparisons = new ArrayList<>();
    private final List<Comparison> unflushed = new ArrayList<>();
    private final List<Comparison> encrypted = new ArrayList<>();
    private final List<Threshold> judged = new ArrayList<>();

    /** Of the messages' texts. */
    private final List<Integer> bodyBytes;
    /** Of each server before its first turn. */
    private final Duration warmUp;

    private final Duration turn;
    /** Of each server, at {@link #FULL} connections. */
    private final int rounds;
    /** Connections at which they take few turns. */
    private final List<Integer> aside;

    private final int starts;
    private final boolean quick;

    /** @param servers none of which runs */
    public CapacityRun(Servers servers, Thresholds thresholds, boolean quick) {
        this.servers = servers;
        this.thresholds = thresholds;
        this.quick = quick;
        bodyBytes = quick ? List.of(SMALL_BODY) : List.of(SMALL_BODY, 4096);
        warmUp = Duration.ofMillis(quick ? 1500 : 40_000);
        turn = Duration.ofMillis(quick ? 400 : 3000);
        rounds = quick ? 3 : 12;
        aside = quick ? List.of() : List.of(1, 8, 200);
        starts = quick ? 1 : 5;
    }

    /** What is measured, in this order; the servers of the last steps are left running. */
    public List<RunStep> steps() {
        Workload small = Workload.messages(SMALL_BODY, FULL.get(0));
        List<RunStep> steps = new ArrayList<>();
        steps.add(servers.begin(small, warmUp, List.of(MAIN, EMPTY_SERVLET, EMPTY_SERVLET)));
        bodyBytes.forEach(bytes -> addComparisons(steps, Workload.messages(bytes, 1)));
        // in JVMs of their own: of those that had served messages before, two empty servlets differed by up to 7 %
        steps.add(servers.begin(
                Workload.registrations(FULL.get(0)), warmUp, List.of(MAIN, EMPTY_SERVLET, EMPTY_SERVLET)));
        addComparisons(steps, Workload.registrations(1));
        if (!quick) {
            steps.add(servers.begin(small, warmUp, List.of(JavaCommand.of(Main.class, "--sync=os"), EMPTY_SERVLET)));
            FULL.forEach(connections ->
                    steps.add(comparison("without the flush, ", small.over(connections), 2, rounds, unflushed)));
            Keystore keystore = new Keystore(servers.folder().resolveSibling("keystore"));
            steps.add(new RunStep("making a certificate", START, keystore::make));
            steps.add(servers.begin(
                    small,
                    warmUp.dividedBy(2),
                    Stream.of(MAIN, EMPTY_SERVLET).map(keystore::addTo).toList()));
            steps.add(comparison("with TLS, ", small, 2, rounds, encrypted));
            steps.addAll(new Variants(servers, thresholds, judged, VARIANT_ROUNDS, turn).steps(warmUp.dividedBy(2)));
        }
        steps.add(new RunStep("starting server and empty servlet", START.multipliedBy(2L * starts), () -> {
            servers.stop();
            List<StartTime> both = Stream.of(MAIN, EMPTY_SERVLET)
                    .map(command -> new StartTime(command, Optional.empty()))
                    .toList();
            double[][] seconds = StartTime.seconds(servers.folder(), both, starts);
            String title = "start, until both ports answer (the empty servlet: %s s)"
                    .formatted(Math.round(Turns.quartiles(seconds[EMPTY]).median() * 100) / 100.0);
            double median = Turns.quartiles(seconds[SERVER]).median();
            judged.addAll(thresholds.check("start", title, Map.of(Metric.SECONDS, median)));
        }));
        return steps;
    }

    /** What the steps found, and the thresholds of a run that came after them. */
    public Capacity result(List<Threshold> later) {
        List<Threshold> all = judge(thresholds, comparisons);
        all.addAll(judged);
        all.addAll(later);
        return new Capacity(LoadGenerator.NAME, warmUp.toMillis() / 1e3, comparisons, unflushed, encrypted, all);
    }

    /** Of the comparisons, those that were made in full: with the control. */
    static List<Threshold> judge(Thresholds thresholds, List<Comparison> comparisons) {
        List<Comparison> full =
                comparisons.stream().filter(each -> each.control() != null).toList();
        List<Threshold> judged = new ArrayList<>();
        for (Comparison each : full) {
            boolean registrations = each.request().equals(Workload.REGISTER);
            if (registrations || each.bodyBytes() == SMALL_BODY) {
                String scenario = registrations ? "registrations" : "messages";
                judged.addAll(thresholds.check(
                        scenario,
                        "%s, %s connections, over the empty servlet".formatted(scenario, each.connections()),
                        Map.of(
                                Metric.THROUGHPUT_RATIO, each.ratio().median(),
                                Metric.CPU_RATIO, each.cpuRatio().median())));
            }
        }
        double deviation = full.stream()
                .mapToDouble(each -> Math.abs(each.control().median() - 1))
                .max()
                .orElse(0);
        judged.addAll(thresholds.check(
                "control", "a second empty servlet over the first", Map.of(Metric.DEVIATION, deviation)));
        long errors =
                comparisons.stream().mapToLong(each -> each.server().errors()).sum();
        judged.addAll(thresholds.check("full-speed", "all requests at full speed", Map.of(Metric.FAILURES, errors)));
        return judged;
    }

    private void addComparisons(List<RunStep> steps, Workload workload) {
        FULL.forEach(connections -> steps.add(comparison("", workload.over(connections), 3, rounds, comparisons)));
        aside.forEach(
                connections -> steps.add(comparison("", workload.over(connections), 3, ASIDE_ROUNDS, comparisons)));
    }

    /**
     * All three even where the turns are too few to tell the control: a JVM compiles by what it has run, so it must run
     * the same.
     */
    private RunStep comparison(String how, Workload workload, int count, int times, List<Comparison> found) {
        String name = how + "in turns with the empty servlet: " + workload;
        return new RunStep(name, turn.multipliedBy((long) count * times), () -> {
            Turns turns = servers.turns(workload, count, times, turn);
            found.add(new Comparison(
                    workload.request(),
                    workload.bodyBytes(),
                    workload.busy(),
                    times,
                    turn.toMillis() / 1e3,
                    turns.side(SERVER),
                    turns.side(EMPTY),
                    turns.ratio(SERVER, EMPTY),
                    turns.cpuRatio(SERVER, EMPTY),
                    count > CONTROL && times == rounds ? turns.ratio(CONTROL, EMPTY) : null));
        });
    }
}
