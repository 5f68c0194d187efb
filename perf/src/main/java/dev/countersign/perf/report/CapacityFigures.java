package dev.countersign.perf.report;

import static java.util.Comparator.comparingDouble;

import dev.countersign.perf.data.Results.*;
import dev.countersign.perf.report.Series.Mark;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * Server and empty servlet over the number of connections, for one kind of request.
 *
 * @param comparisons of one request and one size, by connections; at least one
 */
record CapacityFigures(List<Comparison> comparisons) {

    private Comparison fastest() {
        return comparisons.stream().max(comparingDouble(Comparison::perSecond)).orElseThrow();
    }

    /** "Messages of 64 B", "Registrations". */
    static String title(Comparison comparison) {
        return comparison.request().equals("register")
                ? "Registrations"
                : "Messages of %s B".formatted(Units.number(comparison.bodyBytes()));
    }

    List<Figure> all() {
        return List.of(throughput(fastest()), latency(fastest()), cpu(fastest()));
    }

    private Figure throughput(Comparison fastest) {
        return inTurns(
                "throughput",
                "throughput",
                "requests/s",
                Side::perSecond,
                "Most at %s connections: %s/s, %s of the empty servlet."
                        .formatted(
                                fastest.connections(),
                                Units.number(fastest.perSecond()),
                                Units.percent(fastest.ratio().median())));
    }

    private Figure latency(Comparison fastest) {
        List<Series> series = List.of(
                micros("empty p99", Look.MUTED, each -> each.emptyServlet().p99()),
                micros("p99", Look.SECOND, each -> each.server().p99()),
                micros("p50", Look.FIRST, each -> each.server().p50()));
        return figure(
                "capacity-latency",
                "latency at full speed",
                "At %s connections half are answered within %s and 99\u00a0%% within %s; the empty servlet’s 99\u00a0%% within %s."
                        .formatted(
                                fastest.connections(),
                                Units.millis(fastest.server().p50()),
                                Units.millis(fastest.server().p99()),
                                Units.millis(fastest.emptyServlet().p99())),
                Axis.logarithmic("ms", series),
                series);
    }

    private Series micros(String name, Look look, ToLongFunction<Comparison> measured) {
        return LatencyChart.series(name, look, comparisons, Comparison::connections, measured);
    }

    private Figure cpu(Comparison fastest) {
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

    private Figure inTurns(String id, String what, String unit, Function<Side, Quartiles> measured, String caption) {
        List<Series> series = List.of(
                spread("empty", Look.MUTED, each -> measured.apply(each.emptyServlet())),
                spread("server", Look.FIRST, each -> measured.apply(each.server())));
        return figure(id, what, caption, Axis.fromZero(unit, series), series);
    }

    private Series spread(String name, Look look, Function<Comparison, Quartiles> measured) {
        return new Series(
                name,
                look,
                comparisons.stream()
                        .map(each -> new Mark(each.connections(), measured.apply(each)))
                        .toList());
    }

    /** A tick where there was a measurement. */
    private Figure figure(String id, String what, String caption, Axis y, List<Series> series) {
        Comparison any = comparisons.get(0);
        List<Double> connections = comparisons.stream()
                .map(comparison -> (double) comparison.connections())
                .toList();
        Axis x = Axis.logarithmic("connections", connections.get(0), connections.get(connections.size() - 1));
        return new Figure(
                "%s-%s-%s".formatted(id, any.request(), any.bodyBytes()),
                title(any) + ": " + what,
                caption,
                new LineChart(x.withTicks(connections), y, series));
    }
}
