package dev.countersign.perf.report;

import static java.util.Comparator.comparingDouble;
import static java.util.Comparator.comparingInt;

import dev.countersign.perf.data.Results.*;
import dev.countersign.perf.report.Series.Mark;
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
        return inTurns(
                "throughput",
                "throughput",
                "requests/s",
                Side::perSecond,
                "Most at %s connections: %s/s, %s of the empty servlet."
                        .formatted(
                                fastest.connections(),
                                Units.number(fastest.server().perSecond().median()),
                                Units.percent(fastest.ratio().median())));
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
        return inTurns(
                "cpu",
                "server CPU time each",
                "µs",
                Side::cpuMicrosPerRequest,
                "At %s connections %s each, %s times the empty servlet’s."
                        .formatted(
                                fastest.connections(),
                                Units.number(
                                        fastest.server().cpuMicrosPerRequest().median(), "µs"),
                                Units.number(fastest.cpuRatio().median())));
    }

    private Figure inTurns(String name, String what, String unit, Function<Side, Quartiles> measured, String caption) {
        List<Series> series = List.of(
                spread("empty", Look.MUTED, comparison -> measured.apply(comparison.emptyServlet())),
                spread("server", Look.FIRST, comparison -> measured.apply(comparison.server())));
        return new Figure(name + "-" + id, title + ": " + what, caption, over(Axis.fromZero(unit, series), series));
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
        return Series.of(
                name,
                look,
                comparisons,
                Comparison::connections,
                comparison -> LatencyChart.millis(measured.applyAsLong(side.apply(comparison))));
    }
}
