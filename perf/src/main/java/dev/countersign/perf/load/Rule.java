package dev.countersign.perf.load;

import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** What a gate measures; the limit is {@link Gates}' affair. */
enum Rule {
    NOT_KEPT(
            About.PROMISE,
            "nothing lost",
            "every acknowledged message stands in the log exactly once; its text, id and receipt are equal",
            "messages",
            Measured::notKept),
    NOT_SENT(
            About.PROMISE,
            "nothing forged",
            "no refused message stands in the log, and nothing that nobody sent",
            "messages",
            Measured::notSent),
    AT_ODDS(
            About.PROMISE,
            "registrations",
            "successful ones = distinct codes = rows of the table",
            "registrations",
            Measured::atOdds),
    ERRORS(
            About.PROMISE,
            "errors",
            "none but the expected refusals",
            "requests",
            run -> run.figures().errors()),
    ACKNOWLEDGED(
            About.SENT,
            "messages sent",
            "so many at least were acknowledged",
            "messages",
            run -> run.findings().acknowledged()),
    REFUSED(
            About.SENT,
            "wrong codes sent",
            "so many at least were refused",
            "messages",
            run -> run.findings().refused()),
    PERCENT_OFF(
            About.LOAD,
            "load delivered",
            "requests a second are as near as this to what the plan asks for",
            "%",
            Measured::percentOff),
    LOAD_CPU_PERCENT(About.LOAD, "load side's CPU", "of one core, in the steady part", "%", Measured::loadCpuPercent),
    LOAD_PAUSE_MILLIS(
            About.LOAD, "load side's pauses", "the longest for garbage collection", "ms", Measured::loadMaxPauseMillis),
    RAMP_P95_MILLIS(
            About.LATENCY,
            "p95, ramp",
            "of all requests before the steady part",
            "ms",
            run -> run.figures().rampP95() / 1000.0),
    P95_MILLIS(
            About.LATENCY,
            "p95, steady",
            "of all requests in the steady part",
            "ms",
            run -> run.figures().p95() / 1000.0),
    P99_MILLIS(
            About.LATENCY,
            "p99, steady",
            "of all requests in the steady part",
            "ms",
            run -> run.figures().p99() / 1000.0),
    CLIENT_MILLIS(
            About.LATENCY,
            "slowest client",
            "every client is served within the second it came in",
            "ms",
            run -> run.figures().slowestClientMillis());

    /** What a missed gate says something about. */
    enum About {
        /** What the server must do whatever the load. */
        PROMISE,
        /** Whether there was anything to judge by; its limit is a least. */
        SENT,
        /** Whether the load side could do what it was asked to. */
        LOAD,
        /** How long the server took, if the load side could tell. */
        LATENCY
    }

    private final About about;
    private final String title;
    private final String says;
    private final String unit;
    private final ToDoubleFunction<Measured> measure;

    Rule(About about, String title, String says, String unit, ToDoubleFunction<Measured> measure) {
        this.about = about;
        this.title = title;
        this.says = says;
        this.unit = unit;
        this.measure = measure;
    }

    About about() {
        return about;
    }

    String title() {
        return title;
    }

    /** The rule in words, to be followed by its limit. */
    String says() {
        return says;
    }

    String unit() {
        return unit;
    }

    double measure(Measured run) {
        return measure.applyAsDouble(run);
    }

    boolean isMet(double measured, double limit) {
        return about == About.SENT ? measured >= limit : measured <= limit;
    }

    /** Its name in the file of limits: {@code p95-millis}. */
    String key() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
