package dev.countersign.perf.report;

import static java.util.stream.Collectors.joining;

import dev.countersign.perf.data.Results.*;
import dev.countersign.perf.report.LineChart.Band;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** How latencies are charted: in milliseconds, on logarithmic scales, since a worst case is tens of medians. */
final class LatencyChart {

    private LatencyChart() {}

    static <T> Series series(String name, Look look, List<T> values, ToDoubleFunction<T> x, ToLongFunction<T> micros) {
        return Series.of(name, look, values, x, value -> micros.applyAsLong(value) / 1000.0);
    }

    /** The steady parts of some loads, a line each. */
    static Figure distribution(List<Load> loads) {
        return new Figure(
                "distribution-" + loads.get(0).scenario(),
                loads.stream().map(load -> ReportData.title(load.scenario())).collect(joining(", ")),
                loads.stream().map(LatencyChart::caption).collect(joining(" ")),
                overPercentiles(
                        loads,
                        load -> Integer.toString(load.virtualUsers()),
                        load -> load.served().distribution()));
    }

    /**
     * What the server says of itself; empty where it was not asked.
     *
     * @param of what it was doing, to begin the title with; may be ""
     */
    static Stream<Figure> inTheServer(String id, String of, Axis seconds, List<Band> bands, List<OwnFigures> own) {
        List<Series> series = List.of(
                Series.of("durable", Look.SECOND, own, OwnFigures::second, OwnFigures::durableP99Millis),
                Series.of("flush", Look.FIRST, own, OwnFigures::second, OwnFigures::flushP99Millis));
        return own.isEmpty()
                ? Stream.empty()
                : Stream.of(new Figure(
                        id + "-in-the-server",
                        of + "In the server: p99 of five seconds each",
                        "“Durable” counts from when the log gets a message to when it is on disk; “flush” is the write and"
                                + " flush of a batch, which is part of it. Both are the server’s own figures. Whatever"
                                + " else a client waits for is not the disk.",
                        new LineChart(seconds, Axis.logarithmic("ms", series), bands, List.of(), series)));
    }

    private static String caption(Load load) {
        return "%s: half within %s, 99\u00a0%% within %s, all within %s."
                .formatted(
                        ReportData.title(load.scenario()),
                        Units.millis(load.served().latency().p50()),
                        Units.millis(load.served().latency().p99()),
                        Units.millis(load.served().latency().max()));
    }

    /** A line for each of what was measured, in the order of the looks. */
    static <T> LineChart overPercentiles(
            List<T> measured, Function<T, String> name, Function<T, List<Point>> distribution) {
        List<Series> series = IntStream.range(0, measured.size())
                .mapToObj(i -> series(
                        name.apply(measured.get(i)),
                        Look.values()[i],
                        distribution.apply(measured.get(i)),
                        Point::percentile,
                        Point::micros))
                .toList();
        return new LineChart(Axis.percentiles(series), Axis.logarithmic("ms", series), series);
    }
}
