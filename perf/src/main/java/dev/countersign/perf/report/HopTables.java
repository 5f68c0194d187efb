package dev.countersign.perf.report;

import dev.countersign.perf.data.Results.*;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * One server and several: what each process that a request passes costs it, a table for each kind of request.
 *
 * @param trial of three servers, of which some are killed; empty where it was not made
 */
record HopTables(Hops measured, Optional<Trial> trial) {

    List<Table> tables() {
        return Stream.of("message", "registration").map(this::table).toList();
    }

    private Table table(String request) {
        List<Hop> hops = measured.hops().stream()
                .filter(hop -> hop.request().equals(request))
                .toList();
        List<String> processes = hops.stream()
                .flatMap(hop -> hop.cpuMicros().keySet().stream())
                .distinct()
                .toList();
        List<String> columns = new ArrayList<>(List.of("passes", "p50", "p99", "requests/s"));
        processes.forEach(process -> columns.add(process + " CPU µs"));
        return new Table(
                "A " + request,
                columns,
                hops.stream().map(hop -> row(hop, processes)).toList());
    }

    private static List<Object> row(Hop hop, List<String> processes) {
        List<Object> cells = new ArrayList<>(
                List.of(hop.servers(), Units.millis(hop.p50()), Units.millis(hop.p99()), hop.perSecond()));
        for (String process : processes) {
            cells.add(hop.cpuMicros().containsKey(process) ? hop.cpuMicros().get(process) : Units.NONE);
        }
        return cells;
    }

    List<Proof> proof() {
        return trial.map(List::of).map(Proof::new).stream().toList();
    }

    ReportPage.Provenance provenance() {
        return new ReportPage.Provenance(measured.environment());
    }
}
