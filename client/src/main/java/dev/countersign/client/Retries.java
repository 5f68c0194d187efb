package dev.countersign.client;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;

/** The attempts of one call. For the calling thread. */
final class Retries {

    private final RetryPolicy policy;
    private final Consumer<CountersignException> waiting;

    private int failures;
    private long firstFailureNanos;
    private boolean fateUnknown;

    /** @param waiting told once why, before the first pause */
    Retries(RetryPolicy policy, Consumer<CountersignException> waiting) {
        this.policy = policy;
        this.waiting = waiting;
    }

    /**
     * Returns when it is time for the next attempt.
     *
     * @throws CountersignException what has become of the call, where there is to be none
     */
    void pauseAfter(FailedAttemptException failure) throws CountersignException {
        failures++;
        if (failures == 1) {
            firstFailureNanos = System.nanoTime();
        }
        fateUnknown |= failure.outcome() instanceof UnknownFateException;
        Optional<Duration> pause =
                isAllowed(failure) ? policy.pause(failures, elapsed(), failure.retryAfter()) : Optional.empty();
        if (pause.isEmpty()) {
            throw outcome(failure);
        }
        if (failures == 1) {
            waiting.accept(failure.outcome());
        }
        try {
            Thread.sleep(pause.get().toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw outcome(failure);
        }
    }

    /** Once a fate is unknown only the limit ends the search for the server, as it may be back under its name soon. */
    private boolean isAllowed(FailedAttemptException failure) {
        return failure.isPassing() || (fateUnknown && failure.outcome() instanceof UnreachableException);
    }

    private Duration elapsed() {
        return Duration.ofNanos(System.nanoTime() - firstFailureNanos);
    }

    /** Once an attempt's fate is unknown the call's is, but for an id that only another's key can have taken. */
    private CountersignException outcome(FailedAttemptException last) {
        CountersignException outcome = last.outcome();
        boolean taken =
                outcome instanceof RefusedException refused && refused.problem().refusal() == Refusal.ID_TAKEN;
        return fateUnknown && !taken && !(outcome instanceof UnknownFateException)
                ? UnknownFateException.lost(
                        "an answer was lost, and then: " + outcome.getMessage(),
                        Optional.ofNullable(outcome.getCause()).orElse(outcome))
                : outcome;
    }
}
