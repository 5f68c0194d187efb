package dev.countersign.web.operator;

import dev.countersign.core.GroupCommit;
import dev.countersign.core.Histogram;
import dev.countersign.core.LogFigures;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/** How the message log did in the last ten minutes, a sample each five seconds, in memory. Safe for use by many threads. */
final class History {

    static final int SAMPLE_SECONDS = 5;

    private static final int MAX_SAMPLES = 10 * 60 / SAMPLE_SECONDS;
    private static final double NANOS_A_MILLI = 1e6;
    private static final double SECONDS_AN_HOUR = 3_600;
    private static final int LEAST_SECONDS_OF_A_RATE = 60;

    private final Deque<Sample> samples = new ArrayDeque<>();
    private Optional<Counted> last = Optional.empty();
    private Optional<Counted> startOfDay = Optional.empty();

    /** What had been counted at a time. */
    private record Counted(Instant time, long messages, long logBytes, long[] answers, long[] flushes) {

        static Counted of(Instant time, LogFigures log) {
            GroupCommit.Figures commits = log.commits();
            return new Counted(
                    time,
                    log.messages(),
                    log.files().map(LogFigures.Files::bytes).orElse(0L),
                    commits.answerNanos().counts(),
                    commits.commitNanos().counts());
        }
    }

    /** @param time in milliseconds since 1970 */
    record Sample(
            long time, double messagesPerSecond, Optional<Double> answerP99Millis, Optional<Double> flushP99Millis) {}

    synchronized void add(Instant now, LogFigures log) {
        Counted counted = Counted.of(now, log);
        last.filter(before -> secondsBetween(before, counted) > 0) // else the clock was set back
                .ifPresent(before -> samples.add(sample(before, counted)));
        if (samples.size() > MAX_SAMPLES) {
            samples.remove();
        }
        last = Optional.of(counted);
        startOfDay =
                startOfDay.filter(start -> day(now).equals(day(start.time))).or(() -> last);
    }

    private static Sample sample(Counted before, Counted now) {
        return new Sample(
                now.time.toEpochMilli(),
                (now.messages - before.messages) / secondsBetween(before, now),
                p99Millis(before.answers, now.answers),
                p99Millis(before.flushes, now.flushes));
    }

    private static Instant day(Instant time) {
        return time.truncatedTo(ChronoUnit.DAYS);
    }

    private static double secondsBetween(Counted one, Counted other) {
        return (other.time.toEpochMilli() - one.time.toEpochMilli()) / 1e3;
    }

    /** The end of the bucket that the 99th of each 100 values since then falls in; empty where there was none. */
    private static Optional<Double> p99Millis(long[] before, long[] now) {
        long all = 0;
        for (int i = 0; i < now.length; i++) {
            all += now[i] - before[i];
        }
        long above = all / 100;
        for (int i = now.length - 1; i >= 0 && all > 0; i--) {
            above -= now[i] - before[i];
            if (above < 0) {
                return Optional.of(Histogram.end(i) / NANOS_A_MILLI);
            }
        }
        return Optional.empty();
    }

    /** By how much the log's files grew in an hour, at the rate since the day (UTC) or the server began; 0 at first. */
    synchronized long bytesAnHourToday() {
        if (startOfDay.isEmpty()) {
            return 0;
        }
        double seconds = secondsBetween(startOfDay.get(), last.get());
        long grown = last.get().logBytes - startOfDay.get().logBytes;
        return seconds < LEAST_SECONDS_OF_A_RATE ? 0 : Math.max(0, Math.round(grown / seconds * SECONDS_AN_HOUR));
    }

    synchronized List<Sample> samples() {
        return List.copyOf(samples);
    }
}
