package dev.countersign.client;

import java.time.Duration;
import java.util.Objects;
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
    void pauseAfter(CountersignException failure) throws CountersignException {
        failures++;
        if (failures == 1) {
            firstFailureNanos = System.nanoTime();
        }
        fateUnknown |= failure instanceof UnknownFateException;
        // once a fate is unknown only the limit ends the search for the server: it may be back under its name soon
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

    /** Once an attempt's fate is unknown the call's is, but for an id that only another's key can have taken. */
    private CountersignException outcome(CountersignException last) {
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
