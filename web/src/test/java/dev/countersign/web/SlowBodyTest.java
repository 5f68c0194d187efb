package dev.countersign.web;

import static dev.countersign.web.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Bodies that come late, in pieces, or not at all. */
final class SlowBodyTest {

    private static final Duration BODY_TIMEOUT = Duration.ofSeconds(2);

    /** More than Jetty has threads, even by default. */
    private static final int MORE_THAN_THREADS = 300;

    @TempDir
    static Path home;

    @RegisterExtension
    static final RunningServer server = new RunningServer(() -> home, "--body-timeout=" + BODY_TIMEOUT.toSeconds());

    @Test
    void aBodyThatComesAfterItsHeadersAndInPiecesIsTaken() throws IOException {
        String code = server.service().register("in-pieces");
        String text = "piece by piece ".repeat(1_000);
        byte[] request = Connection.post("/message", Json.message("in-pieces", code, text));
        try (Connection connection = new Connection(server.messagePort())) {
            int pieceBytes = 1_000; // many to a body, none of them the buffer's size
            for (int from = 0; from < request.length; from += pieceBytes) {
                connection.send(request, from, Math.min(request.length, from + pieceBytes));
                server.service().postRegister(""); // a round trip: what was sent is not still in one packet
            }

            assertEquals(201, connection.receive().status());
        }
        assertTrue(server.log().stream().anyMatch(logged -> logged.message().equals(text)));
    }

    @Test
    void aBodyThatStopsIsRefusedWhenItsTimeIsUpAndItsConnectionClosed() throws IOException {
        byte[] request = Connection.post("/register", Json.registration("stopped"));
        Instant start = Instant.now();
        try (Connection connection = new Connection(server.registerPort())) {
            connection.send(request, 0, request.length - 1);

            Answer refusal = connection.receive();
            assertRefused(408, "request-timeout", refusal);
            assertEquals(Optional.of("close"), refusal.header("Connection"));
            Duration waited = Duration.between(start, Instant.now());
            assertTrue(waited.compareTo(BODY_TIMEOUT.minusMillis(100)) > 0, () -> "waited only " + waited);
            assertTrue(waited.compareTo(BODY_TIMEOUT.multipliedBy(4)) < 0, () -> "waited " + waited);
            assertEquals("", connection.receiveToTheEnd());
        }
        assertEquals(
                201, server.service().postRegister(Json.registration("stopped")).status(), "the id is still free");
    }

    @Test
    void aBodyThatKeepsDribblingIsRefusedWhenItsTimeIsUp() throws IOException {
        try (Connection connection = new Connection(server.registerPort());
                Connection another = new Connection(server.registerPort())) {
            connection.send(Connection.request(
                    "POST /register", "Content-Type: application/json\r\nContent-Length: 60000", new byte[0]));
            Instant start = Instant.now();
            while (Duration.between(start, Instant.now()).compareTo(BODY_TIMEOUT.minusMillis(500)) < 0) {
                connection.send((byte) ' ');
                another.exchange(Connection.request("GET /health")); // sets the pace
            }

            assertRefused(408, "request-timeout", connection.receive());
        }
    }

    @Test
    void moreSlowBodiesThanThereAreThreadsHoldNobodyUp() throws IOException {
        byte[] request = Connection.post("/register", Json.registration("slow"));
        List<Connection> slow = new ArrayList<>();
        try {
            for (int i = 0; i < MORE_THAN_THREADS; i++) {
                Connection connection = new Connection(server.registerPort());
                slow.add(connection);
                connection.send(request, 0, request.length - 1);
            }

            String code = server.service().register("quick");
            assertEquals(201, server.service().send("quick", code, "hello").status());

            for (Connection connection : slow) {
                assertRefused(408, "request-timeout", connection.receive());
            }
        } finally {
            for (Connection connection : slow) {
                connection.close();
            }
        }
    }
}
