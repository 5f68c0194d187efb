package dev.countersign.perf.report;

import static java.util.Comparator.comparingDouble;
import static java.util.Comparator.comparingInt;

import dev.countersign.perf.data.Results.Comparison;
import dev.countersign.perf.data.Results.Quartiles;
import dev.countersign.perf.data.Results.Side;
import dev.countersign.perf.report.chart.Axis;
import dev.countersign.perf.report.chart.Figure;
import dev.countersign.perf.report.chart.LineChart;
import dev.countersign.perf.report.chart.Look;
import dev.countersign.perf.report.chart.Scale;
import dev.countersign.perf.report.chart.Series;
import dev.countersign.perf.report.chart.Series.Mark;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/** Server and empty servlet over the number of connections, for one kind of request. */
final class CapacityFigures {

    private final List<Comparison> comparisons;
    private final Comparison fastest;
    private final String id;
    private final String title;

    /** @param comparisons of one request and one size; at least one */
    CapacityFigures(List<Comparison> comparisons) {
        this.comparisons = comparisons.stream()
                .sorted(comparingInt(Comparison::connections))
                .toList();
        this.fastest = comparisons.stream()
                .max(comparingDouble(
                        comparison -> comparison.server().perSecond().median()))
                .orElseThrow();
        this.id = fastest.request() + "-" + fastest.bodyBytes();
        this.title = title(fastest);
    }

    /** "Messages of 64 B", "Registrations". */
    static String title(Comparison comparison) {
        return comparison.request().equals("register")
                ? "Registrations"
                : "Messages of %s B".formatted(Units.number(comparison.bodyBytes()));
    }

    List<Figure> all() {
        return List.of(throughput(), latency(), cpu());
    }

    private Figure throughput() {
        List<Series> series = List.of(
                spread(
                        "empty",
                        Look.MUTED,
                        comparison -> comparison.emptyServlet().perSecond()),
                spread("server", Look.FIRST, comparison -> comparison.server().perSecond()));
        return new Figure(
                "throughput-" + id,
                "%s: throughput".formatted(title),
                "Most at %s connections: %s/s, %s of the empty servlet."
                        .formatted(
                                fastest.connections(),
                                Units.number(fastest.server().perSecond().median()),
                                Units.percent(fastest.ratio().median())),
                over(Axis.fromZero("requests/s", series), series));
    }

    private Figure latency() {
        List<Series> series = List.of(
                micros("empty p99", Look.MUTED, Comparison::emptyServlet, Side::p99),
                micros("p99", Look.SECOND, Comparison::server, Side::p99),
                micros("p50", Look.FIRST, Comparison::server, Side::p50));
        return new Figure(
                "capacity-latency-" + id,
                "%s: latency at full speed".formatted(title),
                "At %s connections half are answered within %s and 99\u00a0%% within %s; the empty servlet’s 99\u00a0%% within %s."
                        .formatted(
                                fastest.connections(),
                                Units.millis(fastest.server().p50()),
                                Units.millis(fastest.server().p99()),
                                Units.millis(fastest.emptyServlet().p99())),
                over(LatencyChart.axis(series), series));
    }

    private Figure cpu() {
        List<Series> series = List.of(
                spread(
                        "empty",
                        Look.MUTED,
                        comparison -> comparison.emptyServlet().cpuMicrosPerRequest()),
                spread("server", Look.FIRST, comparison -> comparison.server().cpuMicrosPerRequest()));
        return new Figure(
                "cpu-" + id,
                "%s: server CPU time each".formatted(title),
                "At %s connections %s each, %s times the empty servlet’s."
                        .formatted(
                                fastest.connections(),
                                Units.number(
                                        fastest.server().cpuMicrosPerRequest().median(), "µs"),
                                Units.number(fastest.cpuRatio().median())),
                over(Axis.fromZero("µs", series), series));
    }

    /** A tick where there was a measurement. */
    private LineChart over(Axis y, List<Series> series) {
        List<Double> connections = comparisons.stream()
                .map(comparison -> (double) comparison.connections())
                .toList();
        Scale scale = Scale.logarithmic(connections.get(0), connections.get(connections.size() - 1));
        return new LineChart(new Axis("connections", scale, connections), y, series);
    }

    private Series spread(String name, Look look, Function<Comparison, Quartiles> measured) {
        return new Series(
                name,
                look,
                comparisons.stream()
                        .map(comparison -> {
                            Quartiles quartiles = measured.apply(comparison);
                            return new Mark(
                                    comparison.connections(), quartiles.median(), quartiles.q1(), quartiles.q3());
                        })
                        .toList());
    }

    private Series micros(String name, Look look, Function<Comparison, Side> side, ToLongFunction<Side> measured) {
        return new Series(
                name,
                look,
                comparisons.stream()
                        .map(comparison -> new Mark(
                                comparison.connections(),
                                LatencyChart.millis(measured.applyAsLong(side.apply(comparison)))))
                        .toList());
    }
}
