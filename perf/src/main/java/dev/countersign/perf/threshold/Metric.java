package dev.countersign.perf.threshold;

import java.util.Locale;

/** A value that has a limit; the limit itself is in the file that {@link Thresholds} reads. */
public enum Metric {
    NOT_KEPT(
            Kind.PROMISE,
            "nothing lost",
            "every acknowledged message is in the log exactly once; its text, id and receipt are equal",
            "messages"),
    NOT_SENT(
            Kind.PROMISE,
            "nothing forged",
            "no refused message is in the log, and nothing that nobody sent",
            "messages"),
    AT_ODDS(Kind.PROMISE, "registrations", "successful ones = distinct codes = rows of the table", "registrations"),
    ERRORS(Kind.PROMISE, "errors", "none but the expected refusals", "requests"),
    ACKNOWLEDGED(Kind.SENT, "messages sent", "so many at least were acknowledged", "messages"),
    REFUSED(Kind.SENT, "wrong codes sent", "so many at least were refused", "messages"),
    PERCENT_OFF(Kind.LOAD, "load delivered", "requests a second are as near as this to what the plan asks for", "%"),
    LOAD_CPU_PERCENT(Kind.LOAD, "load side's CPU", "of one core, in the steady part", "%"),
    LOAD_PAUSE_MILLIS(Kind.LOAD, "load side's pauses", "the longest for garbage collection", "ms"),
    RAMP_P95_MILLIS(Kind.LATENCY, "p95, ramp", "of all requests before the steady part", "ms"),
    P95_MILLIS(Kind.LATENCY, "p95, steady", "of all requests in the steady part", "ms"),
    P99_MILLIS(Kind.LATENCY, "p99, steady", "of all requests in the steady part", "ms"),
    CLIENT_MILLIS(Kind.LATENCY, "slowest client", "every client is served within the second it came in", "ms"),

    THROUGHPUT_RATIO(Kind.GOAL_AT_LEAST, "throughput", "at least", ""),
    CPU_RATIO(Kind.GOAL_AT_MOST, "CPU time", "at most", ""),
    P99_RATIO(Kind.GOAL_AT_MOST, "p99", "at most", ""),
    DEVIATION(Kind.GOAL_AT_MOST, "largest deviation from 1", "at most", ""),
    FAILURES(Kind.GOAL_AT_MOST, "errors", "at most", ""),
    SECONDS(Kind.GOAL_AT_MOST, "time", "at most", "s");

    /** What follows from a missed limit. */
    enum Kind {
        /** What the server must do whatever the load. */
        PROMISE,
        /** Whether there was anything to judge by; its limit is a least. */
        SENT,
        /** Whether the load side could do what it was asked to. */
        LOAD,
        /** How long the server took, if the load side could tell. */
        LATENCY,
        /** Aimed at, and without consequence for the run's verdict. */
        GOAL_AT_LEAST,
        GOAL_AT_MOST
    }

    final Kind kind;
    final String title;
    /** In words, to be followed by its limit. */
    final String rule;

    final String unit;

    Metric(Kind kind, String title, String rule, String unit) {
        this.kind = kind;
        this.title = title;
        this.rule = rule;
        this.unit = unit;
    }

    boolean isOfQuickRun() {
        return kind != Kind.SENT && kind != Kind.LOAD && kind != Kind.LATENCY;
    }

    boolean isMet(double measured, double limit) {
        return kind == Kind.SENT || kind == Kind.GOAL_AT_LEAST ? measured >= limit : measured <= limit;
    }

    /** Its name in the file of limits: {@code p95-millis}. */
    String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
