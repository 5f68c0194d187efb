package dev.countersign.web;

import static dev.countersign.web.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.Home;
import java.io.EOFException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** No new work, what is in flight ends and is answered, all within seconds. */
final class StoppingTest {

    private static final int CLIENTS = 50;
    private static final Duration SECONDS = Duration.ofSeconds(8);
    private static final byte[] HEALTH = Connection.request("GET /health");

    @TempDir
    private Path home;

    @Test
    void underLoadEveryRequestIsAnsweredOrItsConnectionClosedAndEveryMessageAcknowledgedIsKept() throws Exception {
        List<SendingClient> clients = IntStream.range(0, CLIENTS)
                .mapToObj(i -> new SendingClient("client-" + i + "-"))
                .toList();
        CountersignServer server = CountersignServer.start(Home.open(home), Settings.local());
        Service service = Service.of(server);
        CountDownLatch underWay = new CountDownLatch(10 * CLIENTS);
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        try {
            List<Future<Optional<Answer>>> endings = clients.stream()
                    .map(client -> threads.submit(() -> sendUntilItStops(client, service, underWay)))
                    .toList();
            underWay.await();
            Instant start = Instant.now();

            server.close();

            Duration took = Duration.between(start, Instant.now());
            assertTrue(took.compareTo(SECONDS) < 0, () -> "took " + took);
            for (Future<Optional<Answer>> ending : endings) {
                ending.get().ifPresent(answer -> assertRefused(503, "unavailable", answer));
            }
            Ledger.of(clients, LoggedMessage.readAll(home)).assertKept();
        } finally {
            threads.shutdownNow();
        }
    }

    /** The refusal that it came to, or empty where the connection was closed. */
    private static Optional<Answer> sendUntilItStops(SendingClient client, Service service, CountDownLatch underWay) {
        try {
            return client.sendUntil(
                    () -> {
                        underWay.countDown();
                        return false;
                    },
                    service);
        } catch (IOException e) {
            return Optional.empty();
        }
    }

    @Test
    void whatIsInFlightIsTakenWhileNewWorkIsRefusedAndHealthIsDown() throws Exception {
        CountersignServer server = CountersignServer.start(Home.open(home), Settings.local());
        String code = Service.of(server).register("alice");
        byte[] message = Json.message("alice", code, "in flight").getBytes(UTF_8);
        try (Connection inFlight = new Connection(server.messagePort());
                Connection onRegister = new Connection(server.registerPort());
                Connection spare = new Connection(server.registerPort());
                Connection onMessage = new Connection(server.messagePort())) {
            assertEquals("{\"status\":\"UP\"}", onRegister.exchange(HEALTH).text());
            assertEquals("{\"status\":\"UP\"}", spare.exchange(HEALTH).text());
            assertEquals("{\"status\":\"UP\"}", onMessage.exchange(HEALTH).text());
            Answer goOn = inFlight.exchange(Connection.request(
                    "POST /message",
                    "Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: " + message.length,
                    new byte[0]));
            assertEquals(100, goOn.status()); // so it is under way

            CompletableFuture<Void> stopping = CompletableFuture.runAsync(server::close);

            Answer down = firstDown(onRegister, spare);
            assertEquals("503 {\"status\":\"DOWN\"}", down.status() + " " + down.text());
            assertEquals(Optional.of("application/json"), down.header("Content-Type"));
            assertRefused(503, "unavailable", onMessage.exchange(Connection.post("/message", message)));
            assertEquals(201, inFlight.exchange(message).status());
            stopping.join();
        }
        assertEquals(
                List.of("in flight"),
                LoggedMessage.readAll(home).stream().map(LoggedMessage::message).toList());
    }

    /** Stopping begins with the ports: an answer in that moment is the last on its connection, and may still say UP. */
    private static Answer firstDown(Connection first, Connection spare) throws IOException {
        try {
            Answer answer = first.exchange(HEALTH);
            while (answer.status() == 200) {
                answer = first.exchange(HEALTH);
            }
            return answer;
        } catch (EOFException e) {
            return spare.exchange(HEALTH);
        }
    }

    @Test
    void aClientThatNeverEndsItsRequestHoldsNothingUpForLong() throws Exception {
        CountersignServer server = CountersignServer.start(Home.open(home), Settings.local());
        try (Connection endless = new Connection(server.messagePort());
                Connection idle = new Connection(server.messagePort())) {
            idle.exchange(HEALTH);
            Answer goOn = endless.exchange(Connection.request(
                    "POST /message",
                    "Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: 100",
                    new byte[0]));
            assertEquals(100, goOn.status()); // so it is under way
            Instant start = Instant.now();

            server.close();

            Duration took = Duration.between(start, Instant.now());
            assertTrue(took.compareTo(SECONDS) < 0, () -> "took " + took);
            assertRefused(503, "unavailable", endless.receive()); // the fault is not the client's: it may try again
        }
    }

    @Test
    void afterwardsNobodyListensAndAnotherMayHaveTheFolder() throws Exception {
        CountersignServer first = CountersignServer.start(Home.open(home), Settings.local());
        Service gone = Service.of(first);
        first.close();

        assertThrows(IOException.class, () -> new Connection(gone.registerPort()));
        assertThrows(IOException.class, () -> new Connection(gone.messagePort()));
        CountersignServer.start(Home.open(home), Settings.local()).close();
    }
}
