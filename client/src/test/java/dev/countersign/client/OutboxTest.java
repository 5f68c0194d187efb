package dev.countersign.client;

import static dev.countersign.client.ScriptedServer.logged;
import static dev.countersign.client.ScriptedServer.loggedAll;
import static dev.countersign.client.ScriptedServer.problem;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What goes out together, and what waits for what. */
@Timeout(60)
class OutboxTest {

    private static final Credentials SENDER = new Credentials("alice", "her-code");

    private final CountDownLatch held = new CountDownLatch(1);

    @Test
    void whatGathersWhileARequestIsUnderWayIsTheNextWithinTheLimits() throws Exception {
        try (ScriptedServer server = new ScriptedServer(
                        held(loggedAll(1, 1)), loggedAll(2, 1000), loggedAll(1002, 2), loggedAll(1004, 1));
                CountersignClient client = clientOf(server).build()) {
            List<CompletableFuture<Receipt>> receipts = new ArrayList<>();
            receipts.add(client.sendAsync(SENDER, "first"));
            server.awaitRequests(1);
            for (int n = 0; n < 1001; n++) {
                receipts.add(client.sendAsync(SENDER, "" + n));
            }
            receipts.add(client.sendAsync(SENDER, "x".repeat(60_000)));
            receipts.add(client.sendAsync(SENDER, "x".repeat(60_000)));

            held.countDown();

            for (int n = 0; n < receipts.size(); n++) {
                assertEquals("" + (n + 1), receipts.get(n).get().value());
            }
            assertEquals(4, server.requests().size());
            assertEquals(1, server.connections());
        }
    }

    @Test
    void nothingIsSentBehindARequestWhoseFateIsUnknown() throws Exception {
        try (ScriptedServer server = new ScriptedServer(held(ScriptedServer.cut()), loggedAll(1, 1));
                CountersignClient client =
                        clientOf(server).retryFor(Duration.ZERO).build()) {
            CompletableFuture<Receipt> lost = client.sendAsync(SENDER, "lost");
            server.awaitRequests(1);
            CompletableFuture<Receipt> behind = client.sendAsync(SENDER, "behind");

            held.countDown();

            assertInstanceOf(UnknownFateException.class, failureOf(lost));
            assertInstanceOf(UnreachableException.class, failureOf(behind));
            assertEquals("1", client.sendAsync(SENDER, "later").get().value());
        }
    }

    @Test
    void aRefusalIsThatOfItsOwnTexts() throws Exception {
        try (ScriptedServer server =
                        new ScriptedServer(held(problem("413 Content Too Large", "body-too-large")), loggedAll(1, 1));
                CountersignClient client = clientOf(server).build()) {
            CompletableFuture<Receipt> refused = client.sendAsync(SENDER, "refused");
            server.awaitRequests(1);
            CompletableFuture<Receipt> behind = client.sendAsync(SENDER, "behind");

            held.countDown();

            assertInstanceOf(RefusedException.class, failureOf(refused));
            assertEquals("1", behind.get().value());
        }
    }

    @Test
    void whatASenderMayHaveWaitingIsBounded() throws Exception {
        try (ScriptedServer server = new ScriptedServer(
                        held(loggedAll(1, 1)),
                        loggedAll(2, 1000),
                        loggedAll(1002, 1000),
                        loggedAll(2002, 1000),
                        loggedAll(3002, 1000),
                        loggedAll(4002, 1));
                CountersignClient client = clientOf(server).build()) {
            client.sendAsync(SENDER, "first");
            server.awaitRequests(1);
            for (int n = 0; n < 4000; n++) {
                client.sendAsync(SENDER, "");
            }
            Thread patient = new Thread(() -> client.sendAsync(SENDER, "one more"));
            patient.start();
            await(patient, Thread.State.WAITING);

            held.countDown();

            patient.join();
        }
    }

    @Test
    void aRequestWaitsUntilTheEighthBeforeItIsAnswered() throws Exception {
        Stream<ScriptedServer.Step> others = Stream.generate(() -> logged(1)).limit(19);
        try (ScriptedServer server = new ScriptedServer(
                        Stream.concat(Stream.of(held(logged(1))), others).toArray(ScriptedServer.Step[]::new));
                CountersignClient client = clientOf(server).build()) {
            List<Thread> callers = new ArrayList<>();
            callers.add(caller(client, SENDER));
            server.awaitRequests(1);
            for (int n = 0; n < 12; n++) {
                callers.add(caller(client, SENDER));
            }
            server.awaitRequests(8);
            List<Thread> waiting = callers.subList(1, 13);
            while (waiting.stream()
                                    .filter(caller -> caller.getState() == Thread.State.WAITING)
                                    .count()
                            < 5
                    || waiting.stream().filter(Thread::isAlive).count() > 5) {
                Thread.onSpinWait();
            }
            assertEquals(8, server.requests().size());
            Thread another = caller(client, new Credentials("bob", "his-code"));
            another.join();
            assertEquals(9, server.requests().size());

            held.countDown();

            for (Thread caller : callers) {
                caller.join();
            }
            assertEquals(14, server.requests().size());
        }
    }

    private static Thread caller(CountersignClient client, Credentials sender) {
        Thread thread = new Thread(() -> {
            try {
                client.send(sender, "hi");
            } catch (CountersignException e) {
                throw new IllegalStateException(e);
            }
        });
        thread.start();
        return thread;
    }

    @Test
    void aTextAfterTheCloseIsRefusedWhileAnEarlierOneIsUnderWay() throws Exception {
        try (ScriptedServer server = new ScriptedServer(held(loggedAll(1, 1)));
                CountersignClient client = clientOf(server).build()) {
            CompletableFuture<Receipt> earlier = client.sendAsync(SENDER, "earlier");
            server.awaitRequests(1);
            Thread closing = new Thread(client::close);
            closing.start();
            await(closing, Thread.State.TIMED_WAITING);

            assertThrows(IllegalStateException.class, () -> client.sendAsync(SENDER, "late"));

            held.countDown();
            assertEquals("1", earlier.get().value());
            closing.join();
        }
    }

    private static void await(Thread thread, Thread.State state) {
        while (thread.getState() != state) {
            Thread.onSpinWait();
        }
    }

    private ScriptedServer.Step held(ScriptedServer.Step step) {
        return (out, closed) -> {
            held.await();
            step.answer(out, closed);
        };
    }

    private static Throwable failureOf(CompletableFuture<Receipt> receipt) {
        return assertThrows(ExecutionException.class, receipt::get).getCause();
    }

    private static CountersignClientBuilder clientOf(ScriptedServer server) {
        return CountersignClient.builder().messagePort(server.port()).firstPause(Duration.ofMillis(1));
    }
}
