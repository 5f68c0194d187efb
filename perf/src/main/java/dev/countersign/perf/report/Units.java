package dev.countersign.perf.report;

import dev.countersign.perf.data.Results.Quartiles;
import dev.countersign.perf.report.chart.Numeral;

/** How the report writes what was measured: the number and its unit, which stay on one line. */
final class Units {

    /** Stands where there is nothing to say. */
    static final String NONE = "–";

    private static final char NO_BREAK = '\u00a0';

    private Units() {}

    static String number(double value) {
        return Numeral.of(value);
    }

    /** An empty unit leaves the number alone. */
    static String number(double value, String unit) {
        return unit.isEmpty() ? number(value) : number(value) + NO_BREAK + unit;
    }

    /** JMeter counts whole milliseconds, so a zero says no more than "below one". */
    static String millis(long micros) {
        return micros == 0 ? "<" + NO_BREAK + "1" + NO_BREAK + "ms" : number(micros / 1000.0, "ms");
    }

    static String percent(double ratio) {
        return number(100 * ratio, "%");
    }

    /** The median, and in brackets the quartiles. */
    static String quartiles(Quartiles quartiles) {
        return "%s (%s to %s)".formatted(number(quartiles.median()), number(quartiles.q1()), number(quartiles.q3()));
    }
}
