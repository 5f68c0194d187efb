package dev.countersign.perf.report;

import dev.countersign.perf.data.Results.*;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The capacity runs in figures: every comparison with the empty servlet, and the goals that were set beforehand. */
record CapacityTables(Capacity capacity) {

    Table comparisons() {
        return new Table(
                "Every comparison: medians of the turns, in brackets the quartiles",
                "request, connections, turns, server /s, empty servlet /s, rate: server to empty, server CPU µs,"
                        + " empty servlet CPU µs, CPU: server to empty, rate: empty to empty, server p50, server p99,"
                        + " empty servlet p50, empty servlet p99, errors",
                Stream.of(
                                rows(capacity.comparisons(), ""),
                                rows(capacity.unflushed(), ", not flushed"),
                                rows(capacity.encrypted(), ", TLS"))
                        .flatMap(rows -> rows)
                        .toList());
    }

    private static Stream<List<?>> rows(List<Comparison> comparisons, String how) {
        return comparisons.stream().map(one -> row(CapacityFigures.title(one) + how, one));
    }

    private static List<?> row(String title, Comparison one) {
        return List.of(
                title,
                one.connections(),
                "%s of %s".formatted(one.turns(), Units.number(one.turnSeconds(), "s")),
                one.perSecond(),
                one.emptyServlet().perSecond().median(),
                one.ratio(),
                one.server().cpuMicrosPerRequest().median(),
                one.emptyServlet().cpuMicrosPerRequest().median(),
                one.cpuRatio(),
                one.control() == null ? Units.NONE : one.control(),
                Units.millis(one.server().p50()),
                Units.millis(one.server().p99()),
                Units.millis(one.emptyServlet().p50()),
                Units.millis(one.emptyServlet().p99()),
                one.server().errors() + one.emptyServlet().errors());
    }

    /** Such as "105 % (51 connections), 85 % (500 connections)"; empty where it was not measured. */
    String shareUnflushed() {
        return share(capacity.unflushed());
    }

    String shareEncrypted() {
        return share(capacity.encrypted());
    }

    private static String share(List<Comparison> comparisons) {
        return comparisons.stream()
                .map(one -> "%s (%s connections)"
                        .formatted(Units.percent(one.ratio().median()), one.connections()))
                .collect(Collectors.joining(", "));
    }

    ThresholdTable goals() {
        return ThresholdTable.goals(capacity.thresholds());
    }
}
