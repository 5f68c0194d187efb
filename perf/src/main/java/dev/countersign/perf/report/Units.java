package dev.countersign.perf.report;

import dev.countersign.perf.data.Results.*;
import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/**
 * How the report writes what was measured: thousands apart, a point before the decimals, the same in every locale, and
 * the unit on the same line.
 */
public final class Units {

    /** Stands where there is nothing to say. */
    static final String NONE = "–";

    private static final char NO_BREAK = '\u00a0';
    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("d MMMM uuuu, HH:mm 'UTC'", Locale.ENGLISH);
    private static final MathContext THREE_DIGITS = new MathContext(3);

    private Units() {}

    /** Three significant digits below 100, whole from there on; a dash for what is no number. */
    static String number(double value) {
        if (!Double.isFinite(value)) {
            return NONE;
        }
        BigDecimal exact = BigDecimal.valueOf(value);
        return write(
                "#,##0.######",
                Math.abs(value) < 100 ? exact.round(THREE_DIGITS) : exact.setScale(0, RoundingMode.HALF_UP));
    }

    /** A value of the page: numbers in digits, quartiles behind their median, all else as it is. */
    static String write(Object value) {
        if (value instanceof Quartiles quartiles) {
            return "%s (%s to %s)"
                    .formatted(number(quartiles.median()), number(quartiles.q1()), number(quartiles.q3()));
        }
        return value instanceof Number figure ? number(figure.doubleValue()) : value.toString();
    }

    /** An empty unit leaves the number alone. */
    static String number(double value, String unit) {
        return unit.isEmpty() ? number(value) : number(value) + NO_BREAK + unit;
    }

    /** Its name, the measured value and the limit. */
    public static String threshold(Threshold threshold) {
        return "%s %s (limit %s)"
                .formatted(threshold.name(), number(threshold.measured(), threshold.unit()), number(threshold.limit()));
    }

    /** JMeter counts whole milliseconds, so a zero says no more than "below one". */
    static String millis(long micros) {
        return micros == 0 ? "<" + NO_BREAK + "1" + NO_BREAK + "ms" : number(micros / 1000.0, "ms");
    }

    static String percent(double ratio) {
        return number(100 * ratio, "%");
    }

    /** As much of a commit as people quote. */
    static String commit(String commit) {
        return commit.isEmpty() ? "not known" : commit.substring(0, Math.min(12, commit.length()));
    }

    /** @throws java.time.DateTimeException when {@code iso} is not ISO 8601 with an offset */
    static String date(String iso) {
        return DATE.format(OffsetDateTime.parse(iso).withOffsetSameInstant(ZoneOffset.UTC));
    }

    /** With every digit that counts: for a tick, or a percentile of many nines. */
    static String exact(double value) {
        return write("#,##0.######", value);
    }

    /** In tenths of a pixel. */
    static String coordinate(double value) {
        return write("0.#", value);
    }

    private static String write(String pattern, Object number) {
        return new DecimalFormat(pattern, DecimalFormatSymbols.getInstance(Locale.ROOT)).format(number);
    }
}
