package dev.countersign.perf.report;

import dev.countersign.perf.data.Results.Capacity;
import dev.countersign.perf.data.Results.Comparison;
import dev.countersign.perf.report.chart.Table;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** The capacity runs in figures: every comparison with the floor, and the goals that were set beforehand. */
record CapacityTables(Capacity capacity) {

    Table comparisons() {
        return new Table(
                "Every comparison: medians of the turns, in brackets the quartiles",
                List.of(
                        "request",
                        "connections",
                        "turns",
                        "server /s",
                        "floor /s",
                        "rate, server to floor",
                        "server CPU µs",
                        "floor CPU µs",
                        "CPU, server to floor",
                        "rate, floor to floor",
                        "server p50",
                        "server p99",
                        "floor p50",
                        "floor p99",
                        "errors"),
                Stream.concat(
                                capacity.comparisons().stream().map(one -> row(CapacityFigures.title(one), one)),
                                capacity.unflushed().stream()
                                        .map(one -> row(CapacityFigures.title(one) + ", not flushed", one)))
                        .toList());
    }

    private static List<String> row(String title, Comparison one) {
        return List.of(
                title,
                Units.number(one.connections()),
                "%d of %s".formatted(one.turns(), Units.number(one.turnSeconds(), "s")),
                Units.number(one.server().perSecond().median()),
                Units.number(one.floor().perSecond().median()),
                Units.quartiles(one.ratio()),
                Units.number(one.server().cpuMicrosPerRequest().median()),
                Units.number(one.floor().cpuMicrosPerRequest().median()),
                Units.quartiles(one.cpuRatio()),
                Optional.ofNullable(one.control()).map(Units::quartiles).orElse(Units.NONE),
                Units.millis(one.server().p50()),
                Units.millis(one.server().p99()),
                Units.millis(one.floor().p50()),
                Units.millis(one.floor().p99()),
                Units.number(one.server().errors() + one.floor().errors()));
    }

    /** One text such as "105 % (51 connections), 85 % (500 connections)"; none where it was not measured. */
    List<String> shareOfFloorUnflushed() {
        return capacity.unflushed().stream()
                .map(one -> "%s (%s connections)"
                        .formatted(Units.percent(one.ratio().median()), Units.number(one.connections())))
                .reduce((one, next) -> one + ", " + next)
                .stream()
                .toList();
    }

    String warmUp() {
        return Units.number(capacity.warmUpSeconds(), "s");
    }

    RuleTable goals() {
        return RuleTable.goals(capacity.targets());
    }
}
