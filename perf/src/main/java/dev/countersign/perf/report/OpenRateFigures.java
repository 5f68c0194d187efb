package dev.countersign.perf.report;

import static dev.countersign.perf.data.Results.OpenRates.EMPTY_SERVLET;
import static dev.countersign.perf.data.Results.OpenRates.SERVER;
import static java.util.Comparator.comparingDouble;
import static java.util.Comparator.comparingInt;

import dev.countersign.perf.data.Results.*;
import dev.countersign.perf.report.LineChart.Band;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/** Latency at fixed rates, of the server and of the empty servlet. */
record OpenRateFigures(OpenRates rates) {

    List<Figure> all() {
        return Stream.concat(
                        Stream.of(
                                overRate(),
                                distribution(SERVER, "Server: latency at each rate"),
                                distribution(EMPTY_SERVLET, "Empty servlet: latency at each rate")),
                        inTheServer())
                .toList();
    }

    /** The time at each rate, one after the other. Empty where the server was not asked. */
    private Stream<Figure> inTheServer() {
        List<OpenRate> measured = of(SERVER);
        List<OwnFigures> all = new ArrayList<>();
        List<Band> stretches = new ArrayList<>();
        for (int i = 0; i < measured.size(); i++) {
            double begin = i * rates.seconds();
            stretches.add(new Band(measured.get(i).percentOfKnee() + " %", begin, begin + 0.96 * rates.seconds()));
            measured.get(i).own().stream().map(own -> own.later(begin)).forEach(all::add);
        }
        Axis seconds = Axis.linear("seconds", measured.size() * rates.seconds());
        return LatencyChart.inTheServer("open", "", seconds, stretches, all);
    }

    private Figure overRate() {
        List<Series> series = List.of(
                series("empty p99", EMPTY_SERVLET, Look.MUTED, Latency::p99),
                series("p99", SERVER, Look.SECOND, Latency::p99),
                series("p50", SERVER, Look.FIRST, Latency::p50));
        double fastest =
                rates.rates().stream().mapToDouble(OpenRate::offered).max().orElse(0);
        return new Figure(
                "open-rate",
                "Latency against rate",
                "The knee is at %s requests/s over %s connections; latency counts from when each request was due."
                        .formatted(Units.number(rates.knee()), rates.connections()),
                new LineChart(Axis.linear("requests/s", fastest), Axis.logarithmic("ms", series), series));
    }

    private Series series(String name, String target, Look look, ToLongFunction<Latency> micros) {
        return LatencyChart.series(
                name, look, of(target), OpenRate::offered, rate -> micros.applyAsLong(rate.latency()));
    }

    private Figure distribution(String target, String title) {
        List<OpenRate> measured = of(target);
        return new Figure(
                "open-" + target.replace(' ', '-'),
                title,
                measured.stream()
                        .max(comparingInt(OpenRate::percentOfKnee))
                        .map(most ->
                                "At %s %% of the knee (%s requests/s, %s served) 99\u00a0%% took at most %s, the slowest %s."
                                        .formatted(
                                                most.percentOfKnee(),
                                                Units.number(most.offered()),
                                                Units.number(most.achieved()),
                                                Units.millis(most.latency().p99()),
                                                Units.millis(most.latency().max())))
                        .orElse("Not measured."),
                LatencyChart.overPercentiles(measured, rate -> rate.percentOfKnee() + " %", OpenRate::distribution));
    }

    private List<OpenRate> of(String target) {
        return rates.rates().stream()
                .filter(rate -> rate.target().equals(target))
                .sorted(comparingDouble(OpenRate::offered))
                .toList();
    }
}
