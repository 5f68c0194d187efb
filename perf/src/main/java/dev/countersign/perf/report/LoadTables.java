package dev.countersign.perf.report;

import dev.countersign.perf.data.Results.Load;
import dev.countersign.perf.report.chart.Table;
import java.util.List;
import java.util.function.Function;
import java.util.stream.Stream;

/** What the load runs add up to: the accounts of each, side by side, and each kind of request alone. */
record LoadTables(List<Load> loads) {

    List<Table> all() {
        return loads.isEmpty() ? List.of() : List.of(accounts(), steps());
    }

    private Table accounts() {
        return new Table(
                "What was sent, and what the server has of it",
                Stream.concat(Stream.of("run"), loads.stream().map(load -> ReportData.title(load.scenario())))
                        .toList(),
                List.of(
                        count("registrations answered with 201", Load::registered),
                        count("distinct codes", Load::distinctCodes),
                        count("rows in the database", Load::rows),
                        count("messages answered with 201", Load::acknowledged),
                        count("records in the log", Load::inLog),
                        count("lost", Load::lost),
                        count("doubled", Load::doubled),
                        count("forged", Load::forged),
                        count("altered", Load::altered),
                        count("wrong codes sent", Load::wrongCodesSent),
                        count("refused", Load::refused),
                        count("errors", Load::errors),
                        row("steady part", load -> Units.number(load.steadySeconds(), "s")),
                        row("requests/s offered", load -> Units.number(load.offered())),
                        row("requests/s served", load -> Units.number(load.achieved())),
                        row("load side: CPU of a core", load -> Units.number(load.loadCpuPercent(), "%")),
                        row("load side: longest pause", load -> Units.number(load.loadMaxPauseMillis(), "ms")),
                        row(
                                "server CPU time a request",
                                load -> Units.number(load.serverCpuMicrosPerRequest(), "µs"))));
    }

    private List<String> count(String name, Function<Load, Long> value) {
        return row(name, load -> Units.number(value.apply(load)));
    }

    private List<String> row(String name, Function<Load, String> value) {
        return Stream.concat(Stream.of(name), loads.stream().map(value)).toList();
    }

    private Table steps() {
        return new Table(
                "Each kind of request",
                List.of("steady part", "requests", "errors", "p50", "p95", "p99", "worst"),
                loads.stream()
                        .flatMap(load -> load.steps().stream()
                                .map(step -> List.of(
                                        ReportData.title(load.scenario()) + ", " + step.name(),
                                        Units.number(step.requests()),
                                        Units.number(step.errors()),
                                        Units.millis(step.p50()),
                                        Units.millis(step.p95()),
                                        Units.millis(step.p99()),
                                        Units.millis(step.max()))))
                        .toList());
    }
}
