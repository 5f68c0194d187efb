package dev.countersign.perf.report.chart;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;
import java.text.DecimalFormat;
import java.text.DecimalFormatSymbols;
import java.util.Locale;

/** How numbers are written for people: thousands apart, a point before the decimals, the same in every locale. */
public final class Numeral {

    private static final MathContext THREE_DIGITS = new MathContext(3);

    private Numeral() {}

    /** Three significant digits below 100, whole from there on; a dash for what is no number. */
    public static String of(double value) {
        if (!Double.isFinite(value)) {
            return "–";
        }
        BigDecimal exact = BigDecimal.valueOf(value);
        return write(
                "#,##0.######",
                Math.abs(value) < 100 ? exact.round(THREE_DIGITS) : exact.setScale(0, RoundingMode.HALF_UP));
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
