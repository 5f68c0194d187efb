package dev.countersign.perf;

import dev.countersign.perf.run.RunStep;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
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

    /** Runs all steps, one after the other. */
    void run(List<RunStep> steps) throws IOException, InterruptedException {
        synchronized (this) {
            later = steps.stream().map(RunStep::expected).reduce(Duration.ZERO, Duration::plus);
        }
        for (RunStep step : steps) {
            begin(step);
            step.work().run();
        }
    }

    private synchronized void begin(RunStep step) {
        partStart = clock.instant();
        part = step.expected();
        later = later.minus(part);
        say(step.name());
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
