package dev.countersign.perf.report;

import java.util.List;

/** Rows under column heads; the first column names the row. */
record Table(String label, List<String> columns, List<List<String>> rows) {

    Table {
        columns = List.copyOf(columns);
        rows = rows.stream().map(List::copyOf).toList();
    }
}
