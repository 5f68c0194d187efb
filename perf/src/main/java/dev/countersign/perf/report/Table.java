package dev.countersign.perf.report;

import java.util.List;

/** Rows under column heads; the first column names the row. Cells are what {@link Units#write} takes. */
record Table(String label, List<String> columns, List<? extends List<?>> rows) {

    /** @param columns with ", " between two */
    Table(String label, String columns, List<? extends List<?>> rows) {
        this(label, List.of(columns.split(", ")), rows);
    }
}
