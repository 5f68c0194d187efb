package dev.countersign.perf.report.chart;

import java.util.List;

/** A line of a chart. The name stands at its end, so it is short: about eight characters. */
public record Series(String name, Look look, List<Mark> marks) {

    public Series {
        marks = List.copyOf(marks);
    }

    /** A measured point; {@code low} to {@code high} is its spread, which is drawn where there is any. */
    public record Mark(double x, double y, double low, double high) {

        public Mark(double x, double y) {
            this(x, y, y, y);
        }
    }

    Mark last() {
        return marks.get(marks.size() - 1);
    }

    /** What was measured at this place of the x axis, as text; a dash where nothing was. */
    String at(double x) {
        return marks.stream()
                .filter(mark -> mark.x() == x)
                .map(mark -> mark.low() < mark.high()
                        ? "%s (%s to %s)"
                                .formatted(Numeral.of(mark.y()), Numeral.of(mark.low()), Numeral.of(mark.high()))
                        : Numeral.of(mark.y()))
                .findFirst()
                .orElse("–");
    }
}
