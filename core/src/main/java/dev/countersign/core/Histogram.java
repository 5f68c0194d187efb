package dev.countersign.core;

import java.util.concurrent.atomic.AtomicLongArray;
import java.util.stream.IntStream;

/**
 * Counts values in buckets: exactly up to 7; above that a bucket is at most a quarter as wide as its values. ONE thread
 * adds values, in a few nanoseconds. Any thread may read, and sees a value soon after it was added.
 */
public final class Histogram {

    private static final int PARTS = 4; // buckets in each power of two

    /** The count of each bucket; the last element is the sum of all values. */
    private final AtomicLongArray counts = new AtomicLongArray(bucket(Long.MAX_VALUE) + 2);

    public void add(long value) {
        long counted = Math.max(0, value);
        increase(bucket(counted), 1);
        increase(counts.length() - 1, counted);
    }

    private void increase(int index, long by) {
        counts.lazySet(index, counts.getPlain(index) + by);
    }

    public long sum() {
        return counts.get(counts.length() - 1);
    }

    /** The number of values in each bucket. */
    public long[] counts() {
        return IntStream.range(0, counts.length() - 1).mapToLong(counts::get).toArray();
    }

    /** The bucket that counts a value. */
    public static int bucket(long value) {
        if (value < PARTS) {
            return (int) value;
        }
        int power = Long.SIZE - 1 - Long.numberOfLeadingZeros(value);
        return (power - 1) * PARTS + (int) (value >>> power - 2 & PARTS - 1);
    }

    /** The upper limit of a bucket, exclusive. */
    public static long end(int bucket) {
        return bucket < PARTS ? bucket + 1 : (long) (PARTS + bucket % PARTS + 1) << bucket / PARTS - 1;
    }
}
