package dev.countersign.web.intake;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import org.junit.jupiter.api.Test;

/** How much of what comes is let through, by a clock that the test moves. */
final class RateLimitTest {

    private static final Duration SECOND = Duration.ofSeconds(1);

    private long now = Long.MAX_VALUE - 1_000; // that of System.nanoTime may run over

    private void pass(Duration time) {
        now += time.toNanos();
    }

    @Test
    void aBurstIsTakenAtOnceAndThenEvenly() {
        RateLimit limit = new RateLimit(20, Duration.ofSeconds(10), () -> now);
        for (int i = 0; i < 20; i++) {
            assertEquals(Duration.ZERO, limit.take("a", 1));
        }

        assertEquals(Duration.ofMillis(500), limit.take("a", 1));
        pass(Duration.ofMillis(400));
        assertEquals(Duration.ofMillis(100), limit.take("a", 1));
        pass(Duration.ofMillis(100));
        assertEquals(Duration.ZERO, limit.take("a", 1));
        assertEquals(Duration.ofMillis(500), limit.take("a", 1));
    }

    @Test
    void whoGoesOnTryingGetsAsMuchAsWhoWaits() {
        RateLimit limit = new RateLimit(10, SECOND, () -> now);
        int taken = 0;
        for (int i = 0; i < 1_000; i++) { // each 10 ms
            taken += limit.take("a", 1).isZero() ? 1 : 0;
            pass(Duration.ofMillis(10));
        }

        assertEquals(10 + 99, taken);
    }

    @Test
    void aSilenceGivesOneBurstBackAndNoMore() {
        RateLimit limit = new RateLimit(5, SECOND, () -> now);
        limit.take("a", 5);
        pass(Duration.ofDays(400));

        assertEquals(Duration.ZERO, limit.take("a", 5));
        assertEquals(Duration.ofMillis(200), limit.take("a", 1));
    }

    @Test
    void moreThanABurstIsTakenOnceAllOfItIsThere() {
        RateLimit limit = new RateLimit(100, Duration.ofDays(1), () -> now);

        assertEquals(Duration.ZERO, limit.take("a", 1_000));
        assertEquals(Duration.ofDays(1), limit.take("a", 1_000));
    }

    @Test
    void oneKeyTakesNothingOfAnothers() {
        RateLimit limit = new RateLimit(1, SECOND, () -> now);
        limit.take("a", 1);

        assertEquals(Duration.ZERO, limit.take("b", 1));
        assertEquals(SECOND, limit.take("a", 1));
    }

    @Test
    void aFloodOfKeysDoesNotFreeOneThatComesOften() {
        RateLimit limit = new RateLimit(10, SECOND, () -> now);
        for (int i = 0; i < 20; i++) {
            limit.take("often", 1);
        }
        for (int i = 0; i < 500_000; i++) {
            limit.take(i, 1);
            if (i % 1_000 == 0) {
                assertTrue(!limit.take("often", 1).isZero(), "forgotten after " + i + " others");
            }
        }
        int forgotten = 0;
        for (int i = 0; i < 500_000; i++) {
            forgotten += limit.take(i, 10).isZero() ? 1 : 0; // its whole burst again
        }
        assertTrue(forgotten >= 440_000, forgotten + " of them are forgotten");
    }
}
