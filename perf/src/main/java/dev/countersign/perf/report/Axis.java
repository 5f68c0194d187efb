package dev.countersign.perf.report;

import dev.countersign.perf.report.Series.Mark;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;

/** One axis of a chart: what it counts, with its unit, and how its values are laid out. */
record Axis(String title, Scale scale, List<Double> ticks) {

    Axis {
        ticks = List.copyOf(ticks);
    }

    /** Ticks where the scale wants them. */
    Axis(String title, Scale scale) {
        this(title, scale, scale.ticks());
    }

    /** A y axis from zero that holds every point and spread of the series. */
    static Axis fromZero(String title, List<Series> series) {
        return new Axis(title, Scale.linear(values(series, Mark::high).max().orElse(0)));
    }

    /** A y axis that holds every point of the series; a zero, which has no logarithm, stands at its start. */
    static Axis logarithmic(String title, List<Series> series) {
        double smallest =
                values(series, Mark::y).filter(value -> value > 0).min().orElse(1);
        double largest = values(series, Mark::y).max().orElse(0);
        return new Axis(title, Scale.logarithmic(smallest, Math.max(smallest, largest)));
    }

    /** An x axis of percentiles that shows the last one below 100. */
    static Axis percentiles(List<Series> series) {
        return new Axis(
                "percentile",
                Scale.nines(values(series, Mark::x)
                        .filter(percentile -> percentile < 100)
                        .max()
                        .orElse(0)));
    }

    private static DoubleStream values(List<Series> series, ToDoubleFunction<Mark> value) {
        return series.stream().flatMap(one -> one.marks().stream()).mapToDouble(value);
    }
}
