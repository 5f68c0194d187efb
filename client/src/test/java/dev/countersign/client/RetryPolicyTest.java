package dev.countersign.client;

import static java.time.Duration.ZERO;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RetryPolicyTest {

    private static final Duration START = ZERO;

    private final RetryPolicy policy =
            new RetryPolicy(Duration.ofSeconds(30), Duration.ofMillis(100), new SplittableRandom(1));

    @Test
    void thePausesDoubleUpToTwoSecondsAndAreStretchedByUpToAHalf() {
        assertWithin(100, 150, () -> pause(1, START, ZERO));
        assertWithin(200, 300, () -> pause(2, START, ZERO));
        assertWithin(400, 600, () -> pause(3, START, ZERO));
        assertWithin(2000, 3000, () -> pause(6, START, ZERO));
        assertWithin(2000, 3000, () -> pause(Integer.MAX_VALUE, START, ZERO));
    }

    @Test
    void aPauseIsNeverShorterThanTheServerAsksFor() {
        assertWithin(5000, 7500, () -> pause(1, START, Duration.ofSeconds(5)));
    }

    @Test
    void aLongerFirstPauseIsKept() {
        RetryPolicy patient = new RetryPolicy(Duration.ofDays(1), Duration.ofMinutes(1), new SplittableRandom(1));

        assertWithin(60_000, 90_000, () -> patient.pause(9, START, ZERO).orElseThrow());
    }

    @Test
    void theLastAttemptIsAtTheLimit() {
        assertEquals(Duration.ofMillis(7), pause(20, Duration.ofMillis(29_993), ZERO));
        assertEquals(Optional.empty(), policy.pause(20, Duration.ofSeconds(30), ZERO));
        assertEquals(Optional.empty(), policy.pause(20, Duration.ofSeconds(31), ZERO));
    }

    @Test
    void aServerThatAsksForMoreThanIsLeftIsNotWaitedFor() {
        assertTrue(
                policy.pause(1, Duration.ofSeconds(20), Duration.ofSeconds(10)).isPresent());
        assertEquals(Optional.empty(), policy.pause(1, Duration.ofSeconds(21), Duration.ofSeconds(10)));
        assertEquals(Optional.empty(), policy.pause(1, START, Duration.ofSeconds(Long.MAX_VALUE)));
    }

    @Test
    void withoutTimeNothingIsTriedAgain() {
        RetryPolicy none = new RetryPolicy(ZERO, Duration.ofMillis(100), new SplittableRandom(1));

        assertEquals(Optional.empty(), none.pause(1, START, ZERO));
    }

    @Test
    void noTimeIsTooLong() {
        Duration forever = Duration.ofSeconds(Long.MAX_VALUE);
        RetryPolicy endless = new RetryPolicy(forever, forever, new SplittableRandom(1));

        assertEquals(Duration.ofDays(36_500), endless.pause(1, START, ZERO).orElseThrow());
    }

    @Test
    void clientsThatFailTogetherDoNotReturnTogether() {
        assertTrue(IntStream.range(0, 20)
                        .mapToObj(n -> pause(3, START, ZERO))
                        .distinct()
                        .count()
                > 10);
    }

    private Duration pause(int failures, Duration sinceFirstFailure, Duration askedFor) {
        return policy.pause(failures, sinceFirstFailure, askedFor).orElseThrow();
    }

    private static void assertWithin(long leastMillis, long mostMillis, Supplier<Duration> pause) {
        Stream.generate(pause).limit(100).mapToLong(Duration::toMillis).forEach(millis -> {
            assertTrue(
                    millis >= leastMillis && millis <= mostMillis,
                    () -> millis + " is not " + leastMillis + " to " + mostMillis);
        });
    }
}
