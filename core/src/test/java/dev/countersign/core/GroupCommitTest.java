package dev.countersign.core;

import static dev.countersign.core.Await.failure;
import static dev.countersign.core.Await.result;
import static dev.countersign.core.Await.until;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class GroupCommitTest {

    private static final int QUEUE_SIZE = 1_000;

    private final Ledger ledger = new Ledger();
    private final GroupCommit<Integer, String> commits = commitsTo(ledger, Runnable::run);

    @AfterEach
    void close() {
        ledger.letGo();
        commits.close();
    }

    @Test
    void eachOfManyCallersGetsItsOwnResult() throws Exception {
        int callers = 8;
        List<Callable<Void>> work = new ArrayList<>();
        for (int caller = 0; caller < callers; caller++) {
            int first = caller * 500;
            work.add(() -> {
                for (int item = first; item < first + 500; item++) {
                    assertEquals("done " + item, result(commits.submit(item)));
                }
                return null;
            });
        }
        ExecutorService threads = Executors.newFixedThreadPool(callers);
        for (Future<Void> done : threads.invokeAll(work)) {
            done.get();
        }
        threads.shutdown();
        assertEquals(
                numbers(0, callers * 500), ledger.committed().stream().sorted().toList());
    }

    @Test
    void whatComesDuringOneCommitSharesTheNext() throws Exception {
        ledger.hold();
        commits.submit(0);
        ledger.awaitHeldCommit();
        List<CompletionStage<String>> stages = submit(1, 500);
        ledger.letGo();
        for (CompletionStage<String> stage : stages) {
            result(stage);
        }
        assertEquals(List.of(numbers(0, 1), numbers(1, 500)), ledger.batches);
    }

    @Test
    void aFullQueueRefusesWhatIsOneTooManyAndLosesNothingItTook() throws Exception {
        ledger.hold();
        commits.submit(0);
        ledger.awaitHeldCommit();
        List<CompletionStage<String>> accepted = submit(1, QUEUE_SIZE + 1);
        assertInstanceOf(OverloadedException.class, failure(commits.submit(-1)));
        ledger.letGo();
        for (CompletionStage<String> stage : accepted) {
            result(stage);
        }
        assertEquals(numbers(0, QUEUE_SIZE + 1), ledger.committed());
        assertEquals("done 7", result(commits.submit(7)));
    }

    static List<Throwable> failures() {
        return List.of(new IOException("disk"), new IllegalStateException("defect"), new AssertionError("error"));
    }

    @ParameterizedTest
    @MethodSource("failures")
    void aFailedCommitFailsItsBatchAndNoOther(Throwable cause) throws Exception {
        ledger.hold();
        commits.submit(0);
        ledger.awaitHeldCommit();
        List<CompletionStage<String>> stages = submit(1, 3);
        ledger.failFrom(1, cause);
        ledger.letGo();
        for (CompletionStage<String> stage : stages) {
            assertSame(
                    cause,
                    assertInstanceOf(UnavailableException.class, failure(stage)).getCause());
        }
        ledger.mend();
        assertEquals("done 3", result(commits.submit(3)));
        assertEquals(List.of(0, 3), ledger.committed());
    }

    @Test
    void aFailedCommitTakesTheHealthDownAndTheNextThatSucceedsBringsItBack() throws Exception {
        ledger.failFrom(1, new IOException("disk"));
        failure(commits.submit(1));
        assertTrue(commits.trouble().isPresent());
        ledger.mend();
        result(commits.submit(2));
        assertEquals(Optional.empty(), commits.trouble());
    }

    @Test
    void withoutAnyWorkTheHealthComesBackOnceTheSinkIsWell() throws Exception {
        ledger.failFrom(1, new IOException("disk"));
        failure(commits.submit(1));
        ledger.mend();
        until(() -> commits.trouble().isEmpty());
        assertEquals(List.of(), ledger.committed());
    }

    @Test
    void stagesCompleteInTheOrderSubmitted() throws Exception {
        List<Integer> completed = new CopyOnWriteArrayList<>();
        List<CompletionStage<Boolean>> stages = IntStream.range(0, QUEUE_SIZE)
                .mapToObj(item -> commits.submit(item).thenApply(done -> completed.add(item)))
                .toList();
        result(stages.get(QUEUE_SIZE - 1));
        assertEquals(numbers(0, QUEUE_SIZE), completed);
    }

    @Test
    void theNextCommitWaitsForNobodyWhoHangsOnTheLast() throws Exception {
        BlockingQueue<Runnable> completions = new LinkedBlockingQueue<>();
        try (GroupCommit<Integer, String> busy = commitsTo(ledger, completions::add)) {
            CompletionStage<String> first = busy.submit(1);
            Runnable firstCompletion = completions.take();
            CompletionStage<String> second = busy.submit(2);
            completions.take().run();
            assertEquals("done 2", result(second));
            assertFalse(first.toCompletableFuture().isDone());
            firstCompletion.run();
            assertEquals("done 1", result(first));
        }
    }

    static List<Executor> executorsThatTakeNoMore() {
        return List.of(
                completion -> {
                    throw new RejectedExecutionException("its threads have ended");
                },
                completion -> {
                    throw new OutOfMemoryError("unable to create native thread");
                });
    }

    @ParameterizedTest
    @MethodSource("executorsThatTakeNoMore")
    void anExecutorThatTakesNoMoreLeavesNobodyWaiting(Executor completions) throws Exception {
        try (GroupCommit<Integer, String> late = commitsTo(ledger, completions)) {
            assertEquals("done 1", result(late.submit(1)));
            ledger.failFrom(2, new IOException("disk"));
            assertInstanceOf(UnavailableException.class, failure(late.submit(2)));
        }
    }

    @Test
    void aCallersOwnFailureStopsNobodyElse() throws Exception {
        commits.submit(1).thenRun(() -> {
            throw new AssertionError("a caller's defect");
        });
        assertEquals("done 2", result(commits.submit(2)));
    }

    @Test
    void aWriterThatDiesFailsAllThatWaitsAndAllThatComesAndReportsItsCause() throws Exception {
        Error cause = new AssertionError("outside the sink's commit");
        CountDownLatch gate = new CountDownLatch(1);
        try (GroupCommit<Integer, String> dying =
                new GroupCommit<>("test-writer", QUEUE_SIZE, Runnable::run, new BrokenResults(gate, cause))) {
            List<CompletionStage<String>> waiting =
                    IntStream.range(0, 3).mapToObj(dying::submit).toList();
            assertFalse(dying.writerDeath().toCompletableFuture().isDone());

            gate.countDown();

            for (CompletionStage<String> stage : waiting) {
                assertSame(
                        cause,
                        assertInstanceOf(UnavailableException.class, failure(stage))
                                .getCause());
            }
            assertSame(cause, result(dying.writerDeath()));
            assertTrue(dying.trouble().isPresent());
            assertInstanceOf(UnavailableException.class, failure(dying.submit(3)));
        }
    }

    /** Many threads submit while the writer dies: none of them may wait for ever. */
    @Test
    void aSubmitThatMeetsTheWritersDeathFailsButNeverHangs() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        for (int round = 0; round < 500; round++) {
            CountDownLatch gate = new CountDownLatch(1);
            GroupCommit<Integer, String> dying = new GroupCommit<>(
                    "test-writer", QUEUE_SIZE, Runnable::run, new BrokenResults(gate, new AssertionError()));
            dying.submit(0);
            CyclicBarrier start = new CyclicBarrier(2);
            Future<CompletionStage<String>> submitted = threads.submit(() -> {
                start.await();
                return dying.submit(1);
            });
            start.await();
            gate.countDown();
            assertInstanceOf(UnavailableException.class, failure(submitted.get()));
        }
        threads.shutdown();
    }

    @Test
    void aSinkThatOmitsAResultFailsItsBatch() throws Exception {
        GroupCommit.Sink<Integer, String> forgetful = new GroupCommit.Sink<>() {
            @Override
            public List<String> commit(List<Integer> items) {
                return List.of();
            }

            @Override
            public void probe() {}
        };
        try (GroupCommit<Integer, String> commits =
                new GroupCommit<>("test-writer", QUEUE_SIZE, Runnable::run, forgetful)) {
            assertInstanceOf(UnavailableException.class, failure(commits.submit(1)));
            assertFalse(commits.writerDeath().toCompletableFuture().isDone());
        }
    }

    @Test
    void whoeverHasWaitedTenSecondsForADiskThatHangsHearsOfItAndLaterItGoesOn() throws Exception {
        MemoryBudget memory = new MemoryBudget(2);
        Ledger hanging = new Ledger();
        hanging.hold();
        try (GroupCommit<Integer, String> commits =
                new GroupCommit<>("test-writer", QUEUE_SIZE, Runnable::run, hanging, memory, item -> 1)) {
            CompletionStage<String> taken = commits.submit(1);
            hanging.awaitHeldCommit();
            CompletionStage<String> queued = commits.submit(2);
            commits.failOverdue(System.nanoTime() + SECONDS.toNanos(8));
            assertFalse(taken.toCompletableFuture().isDone()
                    || queued.toCompletableFuture().isDone());
            assertEquals(Optional.empty(), commits.trouble());

            commits.failOverdue(System.nanoTime() + SECONDS.toNanos(10));
            assertInstanceOf(UnavailableException.class, failure(taken));
            assertInstanceOf(UnavailableException.class, failure(queued));
            assertTrue(commits.trouble().isPresent());

            CompletionStage<String> later = commits.submit(3); // there is room: what left the queue gave its bytes back
            hanging.letGo();
            assertEquals("done 3", result(later));
            assertEquals(List.of(1, 3), hanging.committed());
            assertEquals(Optional.empty(), commits.trouble());
        }
    }

    @Test
    void aCloseIsNoDeath() {
        commits.close();

        assertFalse(commits.writerDeath().toCompletableFuture().isDone());
    }

    @Test
    void closeCommitsWhatWasAcceptedAndTakesNoMore() throws Exception {
        ledger.hold();
        commits.submit(0);
        ledger.awaitHeldCommit();
        List<CompletionStage<String>> accepted = submit(1, 100);
        Thread closing = new Thread(commits::close);
        closing.start();
        until(() -> commits.trouble().isPresent());
        assertInstanceOf(UnavailableException.class, failure(commits.submit(-1)));
        ledger.letGo();
        closing.join();
        for (CompletionStage<String> stage : accepted) {
            assertTrue(stage.toCompletableFuture().isDone());
        }
        assertEquals(numbers(0, 100), ledger.committed());
        assertInstanceOf(UnavailableException.class, failure(commits.submit(-1)));
    }

    @Test
    void anInterruptedCloseStillWaitsForWhatWasAccepted() throws Exception {
        ledger.hold();
        CompletableFuture<String> accepted = commits.submit(1).toCompletableFuture();
        ledger.awaitHeldCommit();
        CompletableFuture<Boolean> closed = new CompletableFuture<>();
        Thread closing = new Thread(() -> {
            Thread.currentThread().interrupt();
            commits.close();
            closed.complete(accepted.isDone() && Thread.interrupted());
        });
        closing.start();
        until(() -> closing.getState() == Thread.State.WAITING || closed.isDone());
        ledger.letGo();
        assertTrue(result(closed));
    }

    @Test
    void aSubmitThatMeetsACloseIsCommittedOrFailsButNeverHangs() throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(2);
        for (int round = 0; round < 1_000; round++) {
            Ledger sink = new Ledger();
            GroupCommit<Integer, String> closing = commitsTo(sink, Runnable::run);
            CyclicBarrier start = new CyclicBarrier(2);
            Future<CompletionStage<String>> submitted = threads.submit(() -> {
                start.await();
                return closing.submit(1);
            });
            Future<?> closed = threads.submit(() -> {
                start.await();
                closing.close();
                return null;
            });
            closed.get();
            boolean acknowledged = result(submitted.get().handle((done, failure) -> failure == null));
            assertEquals(acknowledged ? List.of(1) : List.of(), sink.committed());
        }
        threads.shutdown();
    }

    private static GroupCommit<Integer, String> commitsTo(Ledger ledger, Executor completions) {
        return new GroupCommit<>("test-writer", QUEUE_SIZE, completions, ledger);
    }

    private List<CompletionStage<String>> submit(int from, int to) {
        return numbers(from, to).stream().map(commits::submit).toList();
    }

    private static List<Integer> numbers(int from, int to) {
        return IntStream.range(from, to).boxed().toList();
    }

    /** Commits once its gate opens, and gives results that can't be read: the writer fails outside the commit. */
    private record BrokenResults(CountDownLatch gate, Error failure) implements GroupCommit.Sink<Integer, String> {

        @Override
        public List<String> commit(List<Integer> items) throws Exception {
            gate.await();
            return new AbstractList<>() {
                @Override
                public String get(int index) {
                    throw failure;
                }

                @Override
                public int size() {
                    return items.size();
                }
            };
        }

        @Override
        public void probe() {}
    }

    /** Commits by noting; waits or fails when it is told to. */
    private static final class Ledger implements GroupCommit.Sink<Integer, String> {

        final List<List<Integer>> batches = new CopyOnWriteArrayList<>();
        private final CountDownLatch held = new CountDownLatch(1);
        private volatile CountDownLatch gate = new CountDownLatch(0);
        private volatile int firstToFail = Integer.MAX_VALUE;
        private volatile Throwable failure;

        void hold() {
            gate = new CountDownLatch(1);
        }

        void awaitHeldCommit() throws InterruptedException {
            held.await();
        }

        void letGo() {
            gate.countDown();
        }

        void failFrom(int item, Throwable cause) {
            failure = cause;
            firstToFail = item;
        }

        void mend() {
            firstToFail = Integer.MAX_VALUE;
        }

        List<Integer> committed() {
            return batches.stream().flatMap(List::stream).toList();
        }

        @Override
        public List<String> commit(List<Integer> items) throws Exception {
            held.countDown();
            gate.await();
            failIfTold(items.get(0));
            batches.add(List.copyOf(items));
            return items.stream().map(item -> "done " + item).toList();
        }

        @Override
        public void probe() throws Exception {
            failIfTold(Integer.MAX_VALUE - 1);
        }

        private void failIfTold(int item) throws Exception {
            if (item >= firstToFail) {
                if (failure instanceof Error error) {
                    throw error;
                }
                throw (Exception) failure;
            }
        }
    }
}
