package dev.countersign.core;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class HistogramTest {

    private final Histogram histogram = new Histogram();

    @ParameterizedTest
    @ValueSource(longs = {0, 1, 3, 4, 7, 8, 9, 1_023, 1_024, 1_000_000_007, Long.MAX_VALUE / 2, Long.MAX_VALUE})
    void aValueIsCountedInTheBucketThatHoldsIt(long value) {
        int bucket = Histogram.bucket(value);

        histogram.add(value);

        assertEquals(1, histogram.counts()[bucket]);
        assertEquals(value, histogram.sum());
        assertTrue(bucket == 0 || Histogram.end(bucket - 1) <= value);
        assertTrue(bucket == histogram.counts().length - 1 || value < Histogram.end(bucket));
    }

    @Test
    void bucketsFollowOneAnotherWithoutAGapAndAreAQuarterOfTheirValuesWideAtMost() {
        for (int bucket = 1; bucket < Histogram.bucket(Long.MAX_VALUE); bucket++) {
            long start = Histogram.end(bucket - 1);
            assertEquals(bucket, Histogram.bucket(start));
            assertEquals(bucket, Histogram.bucket(Histogram.end(bucket) - 1));
            assertTrue(Histogram.end(bucket) - start <= Math.max(1, start / 4), bucket + "");
        }
    }

    @Test
    void allValuesAreCounted() {
        Random random = new Random(1);
        long sum = 0;
        long[] expected = new long[Histogram.bucket(Long.MAX_VALUE) + 1];
        for (int i = 0; i < 10_000; i++) {
            long value = random.nextInt(1 << random.nextInt(1, 31));
            sum += value;
            expected[Histogram.bucket(value)]++;
            histogram.add(value);
        }

        assertArrayEquals(expected, histogram.counts());
        assertEquals(sum, histogram.sum());
    }
}
