package dev.countersign.perf.report;

import dev.countersign.perf.data.Results.*;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToLongFunction;
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
                        count("registrations answered with 201", Findings::registered),
                        count("distinct codes", Findings::distinctCodes),
                        count("rows in the database", Findings::rows),
                        count("messages answered with 201", Findings::acknowledged),
                        count("records in the log", Findings::inLog),
                        count("lost", Findings::lost),
                        count("doubled", Findings::doubled),
                        count("forged", Findings::notSent),
                        count("altered", Findings::altered),
                        count("wrong codes sent", Findings::wrongCodesSent),
                        count("refused", Findings::refused),
                        row("errors", load -> load.served().errors()),
                        row("steady part", load -> Units.number(load.steadySeconds(), "s")),
                        row("requests/s offered", load -> load.offered()),
                        row("requests/s served", load -> load.served().achieved()),
                        row(
                                "load side: CPU of a core",
                                load -> Units.number(load.loadSide().cpuPercent(), "%")),
                        row(
                                "load side: longest pause",
                                load -> Units.number(load.loadSide().maxPauseMillis(), "ms")),
                        row(
                                "runs until the load side kept up",
                                load -> Math.max(1, load.loadSide().runs())),
                        row(
                                "server CPU time a request",
                                load -> Units.number(load.serverCpuMicrosPerRequest(), "µs"))));
    }

    private List<?> count(String name, ToLongFunction<Findings> value) {
        return row(name, load -> value.applyAsLong(load.findings()));
    }

    private List<?> row(String name, Function<Load, ?> value) {
        return Stream.concat(Stream.of(name), loads.stream().map(value)).toList();
    }

    private Table steps() {
        return new Table(
                "Each kind of request",
                "steady part, requests, errors, p50, p95, p99, worst",
                loads.stream()
                        .flatMap(load -> load.served().steps().stream()
                                .map(step -> List.of(
                                        ReportData.title(load.scenario()) + ", " + step.name(),
                                        step.requests(),
                                        step.errors(),
                                        Units.millis(step.latency().p50()),
                                        Units.millis(step.latency().p95()),
                                        Units.millis(step.latency().p99()),
                                        Units.millis(step.latency().max()))))
                        .toList());
    }
}
