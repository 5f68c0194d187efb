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

    private static final long LONGEST_PAUSE_MILLIS = 2000;
    private static final int MAX_DOUBLINGS = 11; // from 1 ms to the longest
    private static final Duration COUNTABLE = Duration.ofDays(36_500); // in milliseconds, whatever a caller gives

    RetryPolicy {
        limit = limit.compareTo(COUNTABLE) < 0 ? limit : COUNTABLE;
        firstPause = firstPause.compareTo(COUNTABLE) < 0 ? firstPause : COUNTABLE;
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
        long first = Math.max(1, firstPause.toMillis());
        long growing = Math.min(first << Math.min(failures - 1, MAX_DOUBLINGS), LONGEST_PAUSE_MILLIS);
        long pause = Math.max(Math.max(first, growing), askedFor.toMillis());
        long stretched = pause + random.nextLong(pause / 2 + 1);
        return Optional.of(Duration.ofMillis(Math.min(stretched, left.toMillis())));
    }
}
