package dev.countersign.perf.report;

import java.util.Locale;

/**
 * How a series is drawn: a colour and a dash, which the style sheet gives to its class, and a marker's shape, so that
 * no two looks differ in colour alone.
 */
enum Look {
    FIRST("M-3.2 0a3.2 3.2 0 1 0 6.4 0a3.2 3.2 0 1 0 -6.4 0z"),
    SECOND("M-2.9 -2.9h5.8v5.8h-5.8z"),
    THIRD("M0 -3.8L3.6 2.7H-3.6z"),
    FOURTH("M0 -4L4 0L0 4L-4 0z"),
    MUTED("M-3 -3L3 3M3 -3L-3 3");

    /** An SVG path around the origin, about seven units wide. */
    final String shape;

    Look(String shape) {
        this.shape = shape;
    }

    String className() {
        return name().toLowerCase(Locale.ROOT);
    }
}
