package dev.countersign.perf.report.chart;

import java.util.List;

/** Rows under column heads; the first column names the row. */
public record Table(String label, List<String> columns, List<List<String>> rows) {

    public Table {
        columns = List.copyOf(columns);
        rows = rows.stream().map(List::copyOf).toList();
    }
}
