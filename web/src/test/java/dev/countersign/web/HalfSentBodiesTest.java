package dev.countersign.web;

import static dev.countersign.web.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Bodies that clients send but for their end, more of them than the memory for such bodies holds. */
final class HalfSentBodiesTest {

    private static final int CLIENTS = 40;
    private static final int FIT = 14; // of 64 KiB and what Jetty holds for a request
    private static final int MISSING = 10;

    @TempDir
    static Path home;

    @RegisterExtension
    static final RunningServer server = new RunningServer(() -> home, "--body-memory=" + 1024 * 1024);

    @Test
    void thoseBeyondTheMemoryAreRefusedAtOnceAndTheOthersTaken() throws IOException {
        String code = server.service().register("slow");
        String text = "m".repeat(65_536 - Json.message("slow", code, "").length());
        byte[] request = Connection.post("/message", Json.message("slow", code, text));
        List<Connection> clients = new ArrayList<>();
        try {
            for (int i = 0; i < CLIENTS; i++) {
                Connection client = new Connection(server.messagePort());
                clients.add(client);
                client.send(request, 0, request.length - MISSING);
            }
            awaitAnswers(clients, CLIENTS - FIT);

            assertEquals(
                    201,
                    server.service().send("slow", code, "with its headers").status(),
                    "a body that comes with its headers takes none of that memory");

            Map<Integer, Integer> statuses = new TreeMap<>();
            for (Connection client : clients) {
                if (client.hasAnswer()) {
                    Answer answer = client.receive();
                    assertRefused(503, "overloaded", answer);
                    assertEquals("1", answer.headers().firstValue("Retry-After").orElse("none"));
                    statuses.merge(503, 1, Integer::sum);
                } else {
                    client.send(request, request.length - MISSING, request.length);
                    statuses.merge(client.receive().status(), 1, Integer::sum);
                }
            }
            assertEquals(Map.of(201, FIT, 503, CLIENTS - FIT), statuses);
        } finally {
            for (Connection client : clients) {
                client.close();
            }
        }
        assertEquals(
                FIT,
                server.log().stream()
                        .filter(logged -> logged.message().equals(text))
                        .count());
    }

    private static void awaitAnswers(List<Connection> clients, int count) throws IOException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        int answered = 0;
        while (answered < count && System.nanoTime() < end) {
            answered = 0;
            for (Connection client : clients) {
                answered += client.hasAnswer() ? 1 : 0;
            }
        }
        assertEquals(count, answered, "refused before their end");
    }

    @Test
    void theMemoryIsThereAgainWhateverBecameOfTheBodies() throws IOException {
        String code = server.service().register("breaks-off");
        byte[] request = Connection.post("/message", Json.message("breaks-off", code, "m".repeat(60_000)));
        for (int i = 0; i < 3 * FIT; i++) {
            try (Connection client = new Connection(server.messagePort())) {
                client.send(request, 0, request.length - MISSING);
                client.endOfSending();
                assertRefused(400, "malformed-request", client.receive());
            }
        }
        byte[] tooLong = Connection.request(
                "POST /message",
                "Content-Type: application/json\r\nTransfer-Encoding: chunked",
                Connection.bytes("11000\r\n" + " ".repeat(0x11000) + "\r\n0\r\n\r\n"));
        for (int i = 0; i < 3 * FIT; i++) {
            try (Connection client = new Connection(server.messagePort())) {
                assertRefused(413, "body-too-large", client.exchange(tooLong));
            }
        }
        try (Connection client = new Connection(server.messagePort())) {
            assertEquals(201, client.exchange(request).status());
        }
    }

    @Test
    void aRefusalReachesAClientThatGoesOnSending() throws IOException {
        byte[] much = " ".repeat(8 * 1024 * 1024).getBytes(US_ASCII);
        try (Connection client = new Connection(server.messagePort())) {
            client.send(Connection.request(
                    "POST /message", "Content-Type: text/c4n4ry\r\nContent-Length: " + much.length, much));

            Answer refusal = client.receive();
            assertRefused(415, "unsupported-media-type", refusal);
            assertEquals(Optional.of("close"), refusal.header("Connection"));
        }
    }

    @Test
    void aRefusalBeforeAShortBodyLeavesTheConnectionOpen() throws IOException {
        byte[] json = Connection.bytes("{}");
        try (Connection client = new Connection(server.messagePort())) {
            byte[] request =
                    Connection.request("POST /message", "Content-Type: text/c4n4ry\r\nContent-Length: 2", json);
            assertRefused(415, "unsupported-media-type", client.exchange(request));

            assertTrue(client.exchange(Connection.request("GET /health")).status() == 200);
        }
    }
}
