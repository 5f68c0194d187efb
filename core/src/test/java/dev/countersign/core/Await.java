package dev.countersign.core;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.function.BooleanSupplier;

/** Waits ten seconds at most: for what becomes of a stage, or for a state. */
public final class Await {

    private static final int SECONDS_AT_MOST = 10;

    private Await() {}

    static <R> R result(CompletionStage<R> stage) throws Exception {
        return stage.toCompletableFuture().get(SECONDS_AT_MOST, SECONDS);
    }

    static Throwable failure(CompletionStage<?> stage) {
        return assertThrows(ExecutionException.class, () -> result(stage)).getCause();
    }

    public static void until(BooleanSupplier state) {
        long deadline = System.nanoTime() + SECONDS.toNanos(SECONDS_AT_MOST);
        while (!state.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "not within the time");
            Thread.yield();
        }
    }
}
