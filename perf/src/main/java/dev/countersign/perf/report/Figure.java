package dev.countersign.perf.report;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A chart with what makes it readable without seeing it: a title, a caption that states what it shows, and its data.
 *
 * @param id unique on the page; letters, digits and hyphens
 */
record Figure(String id, String title, String caption, LineChart chart) {

    /** Every point of the chart, a row for each place of the x axis and a column for each series. */
    Table table() {
        List<Series> series =
                Stream.concat(chart.series().stream(), chart.heat().stream()).toList();
        List<String> columns = new ArrayList<>(List.of(chart.x().title()));
        series.forEach(one -> columns.add(one.name() + ", " + chart.y().title()));
        List<List<String>> rows = series.stream()
                .flatMap(one -> one.marks().stream())
                .map(Series.Mark::x)
                .distinct()
                .sorted()
                .map(x -> Stream.concat(
                                Stream.of(Units.exact(x)), series.stream().map(one -> one.at(x)))
                        .toList())
                .toList();
        return new Table(title, columns, rows);
    }
}
