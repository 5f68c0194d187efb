package dev.countersign.client;

import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;

/** The attempts of one call. For use by the calling thread. */
final class Retries {

    private final RetryPolicy policy;
    private final Consumer<CountersignException> waiting;

    private int failures;
    private long firstFailureNanos;
    private boolean fateUnknown;

    /** @param waiting is told once, before the first pause, why the call waits */
    Retries(RetryPolicy policy, Consumer<CountersignException> waiting) {
        this.policy = policy;
        this.waiting = waiting;
    }

    /**
     * Waits until it is time for the next attempt.
     *
     * @throws CountersignException the outcome of the call, if there is no further attempt
     */
    void pauseAfter(CountersignException failure) throws CountersignException {
        failures++;
        if (failures == 1) {
            firstFailureNanos = System.nanoTime();
        }
        fateUnknown |= failure instanceof UnknownFateException;
        // once an outcome is unknown, only the time limit ends the attempts: an unknown host name may come back soon
        boolean allowed = failure.isPassing() || (fateUnknown && failure instanceof UnreachableException);
        Duration elapsed = Duration.ofNanos(System.nanoTime() - firstFailureNanos);
        Optional<Duration> pause = allowed ? policy.pause(failures, elapsed, failure.retryAfter()) : Optional.empty();
        if (pause.isEmpty()) {
            throw outcome(failure);
        }
        if (failures == 1) {
            waiting.accept(failure);
        }
        try {
            Thread.sleep(pause.get().toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw outcome(failure);
        }
    }

    /** If the outcome of one attempt is unknown, so is the call's; except for an id that was taken with another key. */
    CountersignException outcome(CountersignException last) {
        boolean taken =
                last instanceof RefusedException refused && refused.problem().refusal() == Refusal.ID_TAKEN;
        return fateUnknown && !taken && !(last instanceof UnknownFateException)
                ? new UnknownFateException(
                        "an answer was lost, and then: " + last.getMessage(),
                        Objects.requireNonNullElse(last.getCause(), last),
                        false,
                        Duration.ZERO)
                : last;
    }
}
