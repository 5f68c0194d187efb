package dev.countersign.perf.capacity;

import dev.countersign.perf.data.Results.*;
import dev.countersign.perf.server.ServerProcess;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;

/**
 * Servers measured by turns: in every round each has one, and every second round goes the other way around, so that
 * neighbours in the list are neighbours in time, each as often before the other as after it. Two are compared by the
 * ratios of their turns in the same round, because a noisy machine changes less within a round than within a run.
 *
 * @param outcomes by entrant, in the order given, then by round
 */
record Turns(List<List<Outcome>> outcomes) {
    private static final int IDLE_AT_ONCE = 50;

    /** One of those that take turns: a server, and what its clients send in its turns. */
    record Entrant(ServerProcess server, Workload workload) {}

    /**
     * What one turn came to.
     *
     * @param cpu the server's CPU time, user and system, from the turn's first request to its last answer. What it
     *     does after that (flushing, collecting garbage) is left out, and so is the kernel's work that is charged to
     *     the load generator
     * @param errors of the turn, and of the connections that are otherwise idle
     */
    record Outcome(Turn turn, Duration cpu, long errors) {

        /** Over all answers, those also that came in after the turn's end; all of it where there was none. */
        double cpuMicrosPerRequest() {
            return cpu.toNanos() / 1e3 / Math.max(1, turn.answered());
        }
    }

    /**
     * Lets them take turns, over connections that are opened before the first one and closed after the last.
     *
     * @param length of a turn
     * @throws IOException if a server can't be reached or doesn't register the clients
     */
    static Turns take(List<Entrant> entrants, int rounds, Duration length) throws IOException {
        List<LoadGenerator> loads = new ArrayList<>();
        List<List<Outcome>> outcomes = new ArrayList<>();
        try {
            for (Entrant each : entrants) {
                loads.add(each.workload().connect(each.server()));
                outcomes.add(new ArrayList<>());
            }
            for (int round = 0; round < rounds; round++) {
                for (int each : order(entrants.size(), round)) {
                    outcomes.get(each).add(take(entrants.get(each), loads.get(each), length));
                }
            }
            return new Turns(outcomes);
        } finally {
            for (LoadGenerator each : loads) {
                each.close();
            }
        }
    }

    static List<Integer> order(int entrants, int round) {
        return IntStream.range(0, entrants)
                .map(each -> round % 2 == 0 ? each : entrants - 1 - each)
                .boxed()
                .toList();
    }

    private static Outcome take(Entrant entrant, LoadGenerator load, Duration length) {
        // the server closes a connection that is silent for too long; each that was left idle must still answer
        long idleErrors =
                entrant.workload().idle() > 0 ? load.once(IDLE_AT_ONCE).errors() : 0;
        Duration before = entrant.server().cpu();
        Turn turn = load.closedLoop(entrant.workload().busy(), length)
                .inTexts(entrant.workload().texts());
        return new Outcome(turn, entrant.server().cpu().minus(before), idleErrors + turn.errors());
    }

    /** Answers a second of one entrant over those of another, round by round. */
    Quartiles ratio(int entrant, int base) {
        return ratio(entrant, base, turn -> turn.turn().perSecond());
    }

    /** CPU time a request of one entrant over that of another, round by round. */
    Quartiles cpuRatio(int entrant, int base) {
        return ratio(entrant, base, Outcome::cpuMicrosPerRequest);
    }

    /** 99th percentile of one entrant's latency over that of another, round by round. */
    Quartiles p99Ratio(int entrant, int base) {
        return ratio(entrant, base, outcome -> outcome.turn().latencies().getValueAtPercentile(99));
    }

    /** All turns of one entrant, their latencies taken together. */
    Side side(int entrant) {
        List<Outcome> turns = outcomes.get(entrant);
        Histogram latencies = new Histogram(turns.get(0).turn().latencies());
        turns.forEach(each -> latencies.add(each.turn().latencies()));
        return new Side(
                quartiles(turns.stream()
                        .mapToDouble(each -> each.turn().perSecond())
                        .toArray()),
                latencies.getValueAtPercentile(50),
                latencies.getValueAtPercentile(99),
                quartiles(
                        turns.stream().mapToDouble(Outcome::cpuMicrosPerRequest).toArray()),
                turns.stream().mapToLong(Outcome::errors).sum());
    }

    private Quartiles ratio(int entrant, int base, ToDoubleFunction<Outcome> value) {
        return quartiles(IntStream.range(0, outcomes.get(base).size())
                .mapToDouble(round -> {
                    double divisor = value.applyAsDouble(outcomes.get(base).get(round));
                    if (divisor == 0) {
                        throw new IllegalStateException("what the others are compared with answered nothing in a turn");
                    }
                    return value.applyAsDouble(outcomes.get(entrant).get(round)) / divisor;
                })
                .toArray());
    }

    /**
     * Quartiles with linear interpolation between the two values next to the place (type 7 of Hyndman and Fan, as R
     * and NumPy have it by default).
     */
    static Quartiles quartiles(double... values) {
        double[] sorted = values.clone();
        Arrays.sort(sorted);
        return new Quartiles(quantile(sorted, 0.25), quantile(sorted, 0.5), quantile(sorted, 0.75));
    }

    private static double quantile(double[] sorted, double share) {
        double place = share * (sorted.length - 1);
        int below = (int) place;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }
}
