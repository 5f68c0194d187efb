package dev.countersign.perf.report;

import dev.countersign.perf.data.Results.Quartiles;
import java.util.List;
import java.util.function.ToDoubleFunction;

/** A line of a chart. The name stands at its end, so it is short: about eight characters. */
record Series(String name, Look look, List<Mark> marks) {

    /** A measured point; {@code low} to {@code high} is its spread, which is drawn where there is any. */
    record Mark(double x, double y, double low, double high) {

        Mark(double x, double y) {
            this(x, y, y, y);
        }

        /** A median between its quartiles. */
        Mark(double x, Quartiles y) {
            this(x, y.median(), y.q1(), y.q3());
        }
    }

    /** A mark without spread for each of the values. */
    static <T> Series of(String name, Look look, List<T> values, ToDoubleFunction<T> x, ToDoubleFunction<T> y) {
        return new Series(
                name,
                look,
                values.stream()
                        .map(value -> new Mark(x.applyAsDouble(value), y.applyAsDouble(value)))
                        .toList());
    }

    Mark last() {
        return marks.get(marks.size() - 1);
    }

    /** What was measured at this place of the x axis, as text; a dash where nothing was. */
    String at(double x) {
        return marks.stream()
                .filter(mark -> mark.x() == x)
                .map(mark -> Units.write(
                        mark.low() < mark.high() ? new Quartiles(mark.low(), mark.y(), mark.high()) : mark.y()))
                .findFirst()
                .orElse(Units.NONE);
    }
}
