package dev.countersign.perf.report;

import dev.countersign.perf.data.Results.*;
import dev.countersign.perf.report.LineChart.Band;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/** How one JMeter run went, second by second. */
record LoadFigures(Load load, List<Second> seconds, String title) {

    LoadFigures(Load load) {
        this(load, everySecond(load.served().seconds()), ReportData.title(load.scenario()));
    }

    /** A second in which no request began may be missing from the data: its users waited. */
    private static List<Second> everySecond(List<Second> seen) {
        List<Second> every = new ArrayList<>();
        for (Second next : seen) {
            while (every.size() < next.second()) {
                Second before = every.isEmpty() ? next : every.get(every.size() - 1);
                Latency none = new Latency(0, 0, 0, 0);
                every.add(new Second(every.size(), before.virtualUsers(), 0, 0, none, before.ramp(), List.of()));
            }
            every.add(next);
        }
        return every;
    }

    List<Figure> overTime() {
        return Stream.concat(
                        Stream.of(users(), requests(), latency(), heat()),
                        LatencyChart.inTheServer(load.scenario(), title + ": ", axis(), ramp(), load.own()))
                .toList();
    }

    /** Of each second, which share of its requests took how long. */
    private Figure heat() {
        int count = seconds.stream()
                .mapToInt(second -> second.histogram().size())
                .max()
                .orElse(1);
        List<Double> ends = Stream.iterate(1.0, end -> 2 * end).limit(count).toList();
        return new Figure(
                "heat-" + load.scenario(),
                title + ": heat map of latency",
                "Each column is a second; the darker a cell, the larger its share of the second’s requests: a step lighter is"
                        + " half as many. JMeter can’t tell times below 1\u00a0ms apart.",
                new LineChart(
                        axis(),
                        Axis.logarithmic("ms", 0.5, ends.get(count - 1)).withTicks(ends),
                        ramp(),
                        IntStream.range(0, count)
                                .mapToObj(row -> row("< " + Units.exact(ends.get(row)), row))
                                .toList(),
                        List.of()));
    }

    private Series row(String name, int row) {
        List<Second> hit = seconds.stream()
                .filter(second ->
                        second.histogram().size() > row && second.histogram().get(row) > 0)
                .toList();
        return Series.of(
                name,
                Look.FIRST,
                hit,
                Second::second,
                second -> second.histogram().get(row));
    }

    private Figure users() {
        return new Figure(
                "users-" + load.scenario(),
                title,
                "Up to %s virtual users at once; the shaded seconds are not part of the steady figures."
                        .formatted(load.virtualUsers()),
                counts("virtual users", List.of(series("users", Look.FIRST, Second::virtualUsers))));
    }

    private Figure requests() {
        return new Figure(
                "requests-" + load.scenario(),
                title + ": requests",
                "%s of %s requests/s offered were served in the steady part, with %s errors in the whole run."
                        .formatted(
                                Units.number(load.served().achieved()),
                                Units.number(load.offered()),
                                Units.number(load.served().errors())),
                counts(
                        "requests/s",
                        List.of(
                                series("requests", Look.FIRST, Second::requests),
                                series("errors", Look.SECOND, Second::errors))));
    }

    private Figure latency() {
        List<Series> series = List.of(
                latency("max", Look.MUTED, Latency::max),
                latency("p99", Look.SECOND, Latency::p99),
                latency("p95", Look.THIRD, Latency::p95),
                latency("p50", Look.FIRST, Latency::p50));
        return new Figure(
                "latency-" + load.scenario(),
                title + ": latency",
                "95\u00a0%% within %s in the ramp and within %s in the steady part, whose slowest took %s."
                        .formatted(
                                Units.millis(load.served().rampP95()),
                                Units.millis(load.served().latency().p95()),
                                Units.millis(load.served().latency().max())),
                new LineChart(axis(), Axis.logarithmic("ms", series), ramp(), List.of(), series));
    }

    private LineChart counts(String unit, List<Series> series) {
        return new LineChart(axis(), Axis.fromZero(unit, series), ramp(), List.of(), series);
    }

    private Axis axis() {
        return Axis.linear("seconds", seconds.size());
    }

    private List<Band> ramp() {
        long rampSeconds = seconds.stream().filter(Second::ramp).count();
        return rampSeconds == 0 ? List.of() : List.of(new Band("ramp", 0, rampSeconds));
    }

    private Series series(String name, Look look, ToDoubleFunction<Second> value) {
        return Series.of(name, look, seconds, Second::second, value);
    }

    /** A second without requests has no latency, and no point. */
    private Series latency(String name, Look look, ToLongFunction<Latency> micros) {
        List<Second> busy =
                seconds.stream().filter(second -> second.requests() > 0).toList();
        return LatencyChart.series(name, look, busy, Second::second, second -> micros.applyAsLong(second.latency()));
    }
}
