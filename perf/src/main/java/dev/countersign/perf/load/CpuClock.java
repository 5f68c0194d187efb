package dev.countersign.perf.load;

import java.time.Duration;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;

/** Readings of a process's CPU time against the wall clock. For use by one thread. */
final class CpuClock {

    private final NavigableMap<Long, Duration> readings = new TreeMap<>();

    void read(long nowMillis, Duration cpu) {
        readings.put(nowMillis, cpu);
    }

    /** CPU time used between two moments, in seconds; as if it were spent evenly from one reading to the next. */
    double secondsBetween(long fromMillis, long toMillis) {
        return at(toMillis) - at(fromMillis);
    }

    /** Seconds at a moment; before the first reading, and after the last one, those of that reading. */
    private double at(long millis) {
        Map.Entry<Long, Duration> before = readings.floorEntry(millis);
        Map.Entry<Long, Duration> after = readings.ceilingEntry(millis);
        if (before == null || after == null) {
            return seconds((before == null ? after : before).getValue());
        }
        if (before.getKey().equals(after.getKey())) {
            return seconds(before.getValue());
        }
        double share = (millis - before.getKey()) / (double) (after.getKey() - before.getKey());
        return seconds(before.getValue()) * (1 - share) + seconds(after.getValue()) * share;
    }

    private static double seconds(Duration duration) {
        return duration.toNanos() / 1e9;
    }
}
