package dev.countersign.perf;

import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Locale;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Says what is running and how long it still takes, whenever that changes and every ten seconds.
 *
 * <p>Safe for use by many threads.
 */
final class Progress implements AutoCloseable {

    private final InstantSource clock;
    private final PrintStream out;
    private final Instant start;
    private final ScheduledExecutorService ticker = Executors.newSingleThreadScheduledExecutor();
    private Instant partStart;
    private Duration part = Duration.ZERO;
    private Duration later = Duration.ZERO;
    private String doing = "starting";

    Progress(InstantSource clock, PrintStream out) {
        this.clock = clock;
        this.out = out;
        start = clock.instant();
        partStart = start;
        ticker.scheduleAtFixedRate(this::print, 10, 10, TimeUnit.SECONDS);
    }

    /** A part of the whole, which is still to come. */
    synchronized void expect(Duration expected) {
        later = later.plus(expected);
    }

    /** Begins a part that was expected. */
    synchronized void begin(Duration expected) {
        partStart = clock.instant();
        part = expected;
        later = later.minus(expected);
    }

    /** Says what is running now. */
    synchronized void say(String what) {
        doing = what;
        print();
    }

    @Override
    public void close() {
        ticker.shutdownNow();
    }

    private synchronized void print() {
        Instant now = clock.instant();
        Duration leftOfPart = part.minus(Duration.between(partStart, now));
        Duration left = later.plus(leftOfPart.isNegative() ? Duration.ZERO : leftOfPart);
        out.printf(
                Locale.ROOT, "[%s, about %s to go] %s%n", minutes(Duration.between(start, now)), minutes(left), doing);
    }

    private static String minutes(Duration duration) {
        return String.format(Locale.ROOT, "%d:%02d", duration.toMinutes(), duration.toSecondsPart());
    }
}
