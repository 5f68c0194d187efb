package dev.countersign.perf.report;

import static java.util.Comparator.comparingDouble;
import static java.util.Comparator.comparingInt;

import dev.countersign.perf.data.Results.OpenRate;
import dev.countersign.perf.data.Results.OpenRates;
import dev.countersign.perf.report.chart.Axis;
import dev.countersign.perf.report.chart.Figure;
import dev.countersign.perf.report.chart.LineChart;
import dev.countersign.perf.report.chart.Look;
import dev.countersign.perf.report.chart.Scale;
import dev.countersign.perf.report.chart.Series;
import dev.countersign.perf.report.chart.Series.Mark;
import java.util.List;
import java.util.function.ToLongFunction;
import java.util.stream.IntStream;

/** Latency at fixed rates, of the server and of the floor. */
final class OpenRateFigures {

    private static final String SERVER = "server";
    private static final String FLOOR = "floor";
    /** From the lowest rate to the highest. */
    private static final List<Look> LOOKS = List.of(Look.FIRST, Look.THIRD, Look.FOURTH, Look.SECOND);

    private final OpenRates rates;

    OpenRateFigures(OpenRates rates) {
        this.rates = rates;
    }

    List<Figure> all() {
        return List.of(
                overRate(),
                distribution(SERVER, "Server: latency at each rate"),
                distribution(FLOOR, "Floor: latency at each rate"));
    }

    private Figure overRate() {
        List<Series> series = List.of(
                series("floor p99", FLOOR, Look.MUTED, OpenRate::p99),
                series("p99", SERVER, Look.SECOND, OpenRate::p99),
                series("p50", SERVER, Look.FIRST, OpenRate::p50));
        double fastest =
                rates.rates().stream().mapToDouble(OpenRate::offered).max().orElse(0);
        return new Figure(
                "open-rate",
                "Latency against rate",
                "The knee is at %s requests/s over %d connections; latency counts from when each request was due."
                        .formatted(Units.number(rates.knee()), rates.connections()),
                new LineChart(new Axis("requests/s", Scale.linear(fastest)), Latency.axis(series), series));
    }

    private Series series(String name, String target, Look look, ToLongFunction<OpenRate> micros) {
        return new Series(
                name,
                look,
                of(target).stream()
                        .map(rate -> new Mark(rate.offered(), Latency.millis(micros.applyAsLong(rate))))
                        .toList());
    }

    private Figure distribution(String target, String title) {
        List<OpenRate> measured = of(target);
        return new Figure(
                "open-" + target,
                title,
                measured.stream()
                        .max(comparingInt(OpenRate::percentOfKnee))
                        .map(most ->
                                "At %d %% of the knee (%s requests/s, %s served) 99\u00a0%% took at most %s, the slowest %s."
                                        .formatted(
                                                most.percentOfKnee(),
                                                Units.number(most.offered()),
                                                Units.number(most.achieved()),
                                                Units.millis(most.p99()),
                                                Units.millis(most.max())))
                        .orElse("Not measured."),
                Latency.overPercentiles(IntStream.range(0, measured.size())
                        .mapToObj(i -> Latency.series(
                                measured.get(i).percentOfKnee() + " %",
                                LOOKS.get(i % LOOKS.size()),
                                measured.get(i).distribution()))
                        .toList()));
    }

    private List<OpenRate> of(String target) {
        return rates.rates().stream()
                .filter(rate -> rate.target().equals(target))
                .sorted(comparingDouble(OpenRate::offered))
                .toList();
    }
}
