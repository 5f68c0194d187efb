package dev.countersign.perf;

import dev.countersign.perf.Contender.Sample;
import dev.countersign.perf.Results.Quartiles;
import dev.countersign.perf.Results.Side;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.HdrHistogram.Histogram;

/**
 * Servers measured by turns: in every round each has one, and every second round goes the other way around, so that
 * neighbours in the list are neighbours in time, each as often before the other as after it. Two servers are compared
 * by the ratios of their turns in the same round, because a noisy machine changes less within a round than within a
 * run.
 *
 * @param samples by contender, in the order given, then by round
 */
record Turns(List<List<Sample>> samples) {

    static Turns take(List<Contender> contenders, int rounds, Duration length) throws IOException {
        List<List<Sample>> samples = contenders.stream()
                .map(each -> (List<Sample>) new ArrayList<Sample>())
                .toList();
        List<Integer> order =
                new ArrayList<>(IntStream.range(0, contenders.size()).boxed().toList());
        for (int round = 0; round < rounds; round++) {
            for (int each : order) {
                samples.get(each).add(contenders.get(each).turn(length));
            }
            Collections.reverse(order);
        }
        return new Turns(samples);
    }

    /** Answers a second of one contender over those of another, round by round. */
    Quartiles ratio(int contender, int base) {
        return ratio(contender, base, sample -> sample.turn().perSecond());
    }

    /** CPU time a request of one contender over that of another, round by round. */
    Quartiles cpuRatio(int contender, int base) {
        return ratio(contender, base, Sample::cpuMicrosPerRequest);
    }

    /** One contender's turns, its latencies taken together. */
    Side side(int contender) {
        List<Sample> turns = samples.get(contender);
        Histogram latencies = new Histogram(turns.get(0).turn().latencies());
        turns.forEach(sample -> latencies.add(sample.turn().latencies()));
        return new Side(
                quartiles(turns.stream()
                        .mapToDouble(sample -> sample.turn().perSecond())
                        .toArray()),
                latencies.getValueAtPercentile(50),
                latencies.getValueAtPercentile(99),
                quartiles(
                        turns.stream().mapToDouble(Sample::cpuMicrosPerRequest).toArray()),
                turns.stream().mapToLong(sample -> sample.turn().errors()).sum());
    }

    private Quartiles ratio(int contender, int base, ToDoubleFunction<Sample> value) {
        return quartiles(IntStream.range(0, samples.get(base).size())
                .mapToDouble(round -> value.applyAsDouble(samples.get(contender).get(round))
                        / value.applyAsDouble(samples.get(base).get(round)))
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
