package dev.countersign.perf.load;

import java.time.Duration;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Objects;
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
        Map.Entry<Long, Duration> before =
                Objects.requireNonNullElse(readings.floorEntry(millis), readings.firstEntry());
        Map.Entry<Long, Duration> after =
                Objects.requireNonNullElse(readings.ceilingEntry(millis), readings.lastEntry());
        double share = (millis - before.getKey()) / (double) Math.max(1, after.getKey() - before.getKey());
        Duration between = after.getValue().minus(before.getValue());
        return (before.getValue().toNanos() + between.toNanos() * share) / 1e9;
    }
}
