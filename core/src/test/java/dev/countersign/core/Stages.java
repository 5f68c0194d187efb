package dev.countersign.core;

import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;

/** What became of a stage, waited for. */
final class Stages {

    private Stages() {}

    static <R> R result(CompletionStage<R> stage) throws Exception {
        return stage.toCompletableFuture().get(10, SECONDS);
    }

    static Throwable failure(CompletionStage<?> stage) {
        return assertThrows(ExecutionException.class, () -> result(stage)).getCause();
    }
}
