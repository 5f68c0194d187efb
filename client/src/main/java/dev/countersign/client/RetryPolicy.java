package dev.countersign.client;

import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * How long a call is retried, and after which pauses.
 *
 * <p>Each pause is twice as long as the one before, up to two seconds, so that the client soon notices a server that is
 * back. If the server asks for a longer pause, it gets it. Each pause is extended by a random part of up to one half,
 * so that clients that failed together don't come back together.
 *
 * @param limit counted from the first failure; no attempt begins later
 */
record RetryPolicy(Duration limit, Duration firstPause, RandomGenerator random) {

    private static final long LONGEST_PAUSE_MILLIS = 2000;
    private static final int MAX_DOUBLINGS = 11; // from 1 ms to the longest
    private static final Duration COUNTABLE = Duration.ofDays(36_500); // fits into a long of milliseconds

    RetryPolicy {
        limit = limit.compareTo(COUNTABLE) < 0 ? limit : COUNTABLE;
        firstPause = firstPause.compareTo(COUNTABLE) < 0 ? firstPause : COUNTABLE;
    }

    /**
     * The pause before the next attempt; empty if there is no further attempt.
     *
     * @param failures the number of failed attempts, 1 or more
     * @param askedFor the pause that the server asked for; zero if it asked for none
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
