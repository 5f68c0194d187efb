package dev.countersign.perf.report;

import dev.countersign.perf.report.Series.Mark;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/**
 * One axis of a chart.
 *
 * @param title what it counts, with its unit
 * @param ticks the values that get one
 * @param scale where values stand between its ends, 0 and 1
 */
record Axis(String title, List<Double> ticks, DoubleUnaryOperator scale) {

    /** In the width of a nine: how far 100 stands from the last percentile below it. */
    private static final double BEYOND = 0.75;

    /** Between 0 and 1; values beyond an end stand at that end. */
    double position(double value) {
        return Math.max(0, Math.min(1, scale.applyAsDouble(value)));
    }

    Axis withTicks(List<Double> others) {
        return new Axis(title, others, scale);
    }

    /** From zero to a round value not below {@code largest}, in equal steps. */
    static Axis linear(String title, double largest) {
        double end = largest > 0 ? largest : 1;
        double step = roundUp(end / 4);
        int steps = (int) Math.ceil(end / step);
        List<Double> ticks =
                IntStream.rangeClosed(0, steps).mapToObj(i -> i * step).toList();
        return new Axis(title, ticks, value -> value / (step * steps));
    }

    /** A y axis from zero that holds every point and spread of the series. */
    static Axis fromZero(String title, List<Series> series) {
        return linear(title, values(series, Mark::high).max().orElse(0));
    }

    /**
     * Equal ratios at equal distances, from a round value not above {@code smallest} to one not below {@code largest}; both
     * are above zero.
     */
    static Axis logarithmic(String title, double smallest, double largest) {
        double start = 1 / roundUp(1 / smallest);
        double end = Math.max(roundUp(largest), 2 * start);
        double[] factors = end / start > 1000 ? new double[] {1} : new double[] {1, 2, 5};
        List<Double> ticks = LongStream.rangeClosed(
                        (long) Math.floor(Math.log10(start)), (long) Math.ceil(Math.log10(end)))
                .mapToDouble(exponent -> Math.pow(10, exponent))
                .flatMap(decade -> DoubleStream.of(factors).map(factor -> factor * decade))
                .filter(tick -> tick >= start * (1 - 1e-9) && tick <= end * (1 + 1e-9))
                .boxed()
                .toList();
        return new Axis(title, ticks, value -> Math.log(Math.max(value, start) / start) / Math.log(end / start));
    }

    /** A y axis that holds every point of the series; a zero, which has no logarithm, stands at its start. */
    static Axis logarithmic(String title, List<Series> series) {
        double smallest =
                values(series, Mark::y).filter(value -> value > 0).min().orElse(1);
        double largest = values(series, Mark::y).max().orElse(0);
        return logarithmic(title, smallest, Math.max(smallest, largest));
    }

    /**
     * Percentiles by the logarithm of what they leave out, so that 90, 99 and 99.9 stand at equal distances, as in
     * HdrHistogram's plots. 100, which would stand at infinity, stands at the end, a little beyond the last. From six nines
     * on every other one has a tick, for want of room.
     *
     * @param last the largest percentile below 100 that the axis has to show
     */
    static Axis percentiles(double last) {
        double nines = Math.max(1, nineCount(last));
        DoubleStream few =
                nines > 5 ? DoubleStream.of(0, 90, 99.9, 99.999) : DoubleStream.of(0, 50, 90, 99, 99.9, 99.99, 99.999);
        List<Double> ticks = DoubleStream.concat(
                        few.filter(percentile -> nineCount(percentile) <= nines + 1e-9), DoubleStream.of(100))
                .boxed()
                .toList();
        return new Axis(
                "percentile", ticks, percentile -> percentile >= 100 ? 1 : nineCount(percentile) / (nines + BEYOND));
    }

    /** An x axis of percentiles that shows the last one below 100. */
    static Axis percentiles(List<Series> series) {
        return percentiles(values(series, Mark::x)
                .filter(percentile -> percentile < 100)
                .max()
                .orElse(0));
    }

    /** How many nines a percentile has: 2 for 99, 3 for 99.9. */
    private static double nineCount(double percentile) {
        return -Math.log10(1 - percentile / 100);
    }

    /** The next of 1, 2, 5, 10, 20 and so on, which is not below the value. */
    private static double roundUp(double value) {
        double decade = Math.pow(10, Math.floor(Math.log10(value)));
        return DoubleStream.of(1, 2, 5, 10)
                .map(factor -> factor * decade)
                .filter(round -> round >= value * (1 - 1e-9))
                .findFirst()
                .orElseThrow();
    }

    private static DoubleStream values(List<Series> series, ToDoubleFunction<Mark> value) {
        return series.stream().flatMap(one -> one.marks().stream()).mapToDouble(value);
    }
}
