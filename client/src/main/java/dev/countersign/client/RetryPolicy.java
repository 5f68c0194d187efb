package dev.countersign.client;

import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * How long a call is tried again, and after which pauses.
 *
 * <p>The first pause is followed by one of twice its length, and so on up to two seconds, so that a server that comes
 * back is soon noticed. A server that asks for a longer one gets it. Every pause is stretched by up to a half, at
 * random, so that clients that failed together don't return together.
 *
 * @param limit counted from the first failure; no attempt begins later
 */
record RetryPolicy(Duration limit, Duration firstPause, RandomGenerator random) {

    private static final Duration LONGEST_PAUSE = Duration.ofSeconds(2);
    private static final int MAX_DOUBLINGS = 11; // from 1 ms to the longest

    private static final Duration COUNTABLE = Duration.ofDays(36_500); // in milliseconds, whatever a caller gives

    RetryPolicy {
        limit = shorter(limit, COUNTABLE);
        firstPause = shorter(firstPause, COUNTABLE);
    }

    /**
     * The pause before the next attempt; none where there is to be no further attempt.
     *
     * @param failures the attempts that failed, 1 or more
     * @param askedFor what the server asked for; zero where it asked for nothing
     */
    Optional<Duration> pause(int failures, Duration sinceFirstFailure, Duration askedFor) {
        Duration left = limit.minus(sinceFirstFailure);
        if (left.isNegative() || left.isZero() || askedFor.compareTo(left) > 0) {
            return Optional.empty();
        }
        return Optional.of(shorter(stretched(longer(growing(failures), askedFor)), left));
    }

    private Duration growing(int failures) {
        return firstPause.compareTo(LONGEST_PAUSE) >= 0
                ? firstPause
                : shorter(firstPause.multipliedBy(1L << Math.min(failures - 1, MAX_DOUBLINGS)), LONGEST_PAUSE);
    }

    private Duration stretched(Duration pause) {
        return pause.plusMillis(random.nextLong(pause.toMillis() / 2 + 1));
    }

    private static Duration shorter(Duration one, Duration other) {
        return one.compareTo(other) < 0 ? one : other;
    }

    private static Duration longer(Duration one, Duration other) {
        return one.compareTo(other) > 0 ? one : other;
    }
}
