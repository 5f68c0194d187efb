package dev.countersign.perf.capacity;

import com.google.gson.GsonBuilder;
import dev.countersign.perf.data.Results.OpenRate;
import dev.countersign.perf.data.Results.OpenRates;
import dev.countersign.perf.data.Results.Point;
import dev.countersign.perf.data.Results.Target;
import dev.countersign.perf.server.JavaCommand;
import dev.countersign.perf.server.ServerJvm;
import dev.countersign.web.Main;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.DoubleStream;
import org.HdrHistogram.Histogram;

/**
 * How long an answer takes at a fixed rate, counted from when each request was due, for server and floor by turns.
 *
 * <p>The rates are shares of the knee: what the server answers a second in a closed loop over the same connections,
 * the median of a few turns. Server, floor and load generator share the machine, so a request of the floor, too, may
 * wait for a core that the generator is using.
 */
public final class OpenRun {
    private static final Workload WORKLOAD = Workload.messages(64, 500);
    private static final List<Integer> PERCENTS_OF_KNEE = List.of(25, 50, 75, 90);
    private static final List<String> TARGETS = List.of("server", "floor");
    private static final double[] PERCENTILES = {0, 10, 25, 50, 75, 90, 95, 99, 99.5, 99.9, 99.95, 99.99, 99.999, 100};

    private OpenRun() {}

    /**
     * How long what takes.
     *
     * @param turns to find the knee by
     * @param length of each rate
     */
    private record Plan(Duration warmUp, Duration turn, int turns, Duration length) {

        static Plan of(boolean quick) {
            return quick
                    ? new Plan(Duration.ofSeconds(1), Duration.ofMillis(500), 1, Duration.ofSeconds(1))
                    : new Plan(Duration.ofSeconds(40), Duration.ofSeconds(3), 4, Duration.ofMinutes(1));
        }

        Duration expected() {
            return warmUp.plus(turn.multipliedBy(turns))
                    .plus(length.multipliedBy(PERCENTS_OF_KNEE.size()))
                    .multipliedBy(TARGETS.size())
                    .plusSeconds(5);
        }
    }

    /** About how long {@link #run} takes. */
    public static Duration expected(boolean quick) {
        return Plan.of(quick).expected();
    }

    /**
     * Measures all rates.
     *
     * @param scratch where the servers keep what they write: on the disk that is to be measured
     * @param progress is told what begins
     * @throws IOException if a server doesn't start or answers nothing; none is left running
     */
    public static OpenRates run(Path scratch, boolean quick, Consumer<String> progress) throws IOException {
        Plan plan = Plan.of(quick);
        try (Servers servers = new Servers(scratch)) {
            List<ServerJvm> targets = List.of(
                    servers.start(JavaCommand.of(Main.class, JavaCommand.FLAGS)),
                    servers.start(JavaCommand.of(Floor.class, JavaCommand.FLAGS)));
            progress.accept("warming up: " + WORKLOAD);
            servers.warmUp(WORKLOAD, plan.warmUp);
            progress.accept("looking for the knee");
            double knee = servers.turns(WORKLOAD, TARGETS.size(), plan.turns, plan.turn)
                    .side(0)
                    .perSecond()
                    .median();
            List<OpenRate> rates = new ArrayList<>();
            for (int percent : PERCENTS_OF_KNEE) {
                for (int i = 0; i < TARGETS.size(); i++) {
                    progress.accept("%s at %d %% of the knee, %.0f requests/s"
                            .formatted(TARGETS.get(i), percent, knee * percent / 100));
                    rates.add(measure(targets.get(i), TARGETS.get(i), percent, knee * percent / 100, plan.length));
                }
            }
            return new OpenRates(WORKLOAD.request(), WORKLOAD.busy(), knee, plan.length.toMillis() / 1e3, rates);
        }
    }

    /** The goal set for latency: at half the knee the server's p99 is at most three times the floor's. */
    public static Target target(OpenRates measured) {
        double server = p99AtHalf(measured, TARGETS.get(0));
        double floor = p99AtHalf(measured, TARGETS.get(1));
        return Targets.atMost(
                "p99 at 50 % of the knee, 500 connections, against the floor", 3, server / Math.max(1, floor), "");
    }

    /** Measures this alone, from the checkout's root: {@code OpenRun FILE}, with {@code -Dquick=true} for a look. */
    public static void main(String[] file) throws IOException {
        OpenRates rates = run(Path.of("perf/target"), Boolean.getBoolean("quick"), System.out::println);
        rates.rates().forEach(System.out::println);
        System.out.println(target(rates));
        Files.writeString(
                Path.of(file[0]), new GsonBuilder().setPrettyPrinting().create().toJson(rates) + "\n");
    }

    private static double p99AtHalf(OpenRates measured, String target) {
        return measured.rates().stream()
                .filter(rate -> rate.target().equals(target) && rate.percentOfKnee() == 50)
                .mapToLong(OpenRate::p99)
                .findFirst()
                .orElseThrow();
    }

    private static OpenRate measure(ServerJvm server, String target, int percent, double perSecond, Duration length)
            throws IOException {
        try (LoadGenerator load = WORKLOAD.connect(server)) {
            Turn turn = load.openRate(perSecond, length);
            Histogram latencies = turn.latencies();
            return new OpenRate(
                    target,
                    percent,
                    perSecond,
                    turn.perSecond(),
                    turn.errors(),
                    latencies.getValueAtPercentile(50),
                    latencies.getValueAtPercentile(95),
                    latencies.getValueAtPercentile(99),
                    latencies.getMaxValue(),
                    DoubleStream.of(PERCENTILES)
                            .mapToObj(each -> new Point(each, latencies.getValueAtPercentile(each)))
                            .toList());
        }
    }
}
