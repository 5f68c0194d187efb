package dev.countersign.web;

import static dev.countersign.web.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.ClientId;
import dev.countersign.core.Home;
import dev.countersign.core.Registry;
import dev.countersign.core.StartupException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What one address and one id may take of a server that limits them. */
final class QuotasTest {

    private static final int MANY = 50;

    @TempDir
    private Path home;

    /** @param quota an option; a burst is that of two seconds */
    private CountersignServer start(String... quota) {
        List<String> options = new ArrayList<>(List.of(quota));
        options.add("--rate-burst=2");
        return CountersignServer.start(Home.open(home), RunningServer.settings(options.toArray(String[]::new)));
    }

    private static CountersignServer limitAddresses(QuotasTest test, String proxies) {
        return test.start("--rate-per-address=1", "--forwarded-from=" + proxies);
    }

    /** Sends many at once, so that they exceed the limit however slow the machine is; returns how many were served. */
    private static int untilTooMany(Connection connection, byte[] request) throws IOException {
        int served = served(connection, Collections.nCopies(MANY, request));
        assertTrue(served < MANY, "never too many");
        return served;
    }

    private static int served(Connection connection, List<byte[]> requests) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        requests.forEach(all::writeBytes);
        connection.send(all.toByteArray());
        int served = 0;
        for (int i = 0; i < requests.size(); i++) {
            Answer answer = connection.receive();
            if (answer.status() == 429) {
                assertRefused(429, "too-many-requests", answer);
            } else {
                served++;
            }
        }
        return served;
    }

    @Test
    void anAddressGetsItsBurstThenIsRefusedOnBothPortsAndHealthIsNot() throws IOException {
        try (CountersignServer server = limitAddresses(this, "");
                Connection register = new Connection(server.registerPort());
                Connection message = new Connection(server.messagePort())) {
            int served = untilTooMany(register, Connection.post("/register", "{}"));

            assertTrue(served >= 2, () -> served + " served");
            untilTooMany(message, Connection.post("/message", "{}"));
            assertEquals(
                    200, message.exchange(Connection.request("GET /health")).status());
        }
    }

    /** The refusal does not wait for the body, and the client sees it although it goes on sending. */
    @Test
    void anAddressIsRefusedBeforeItsBodyIsRead() throws IOException {
        try (CountersignServer server = limitAddresses(this, "");
                Connection first = new Connection(server.messagePort());
                Connection second = new Connection(server.messagePort())) {
            untilTooMany(first, Connection.post("/message", "{}"));
            second.send(Connection.request(
                    "POST /message", "Content-Type: application/json\r\nContent-Length: 10000", new byte[0]));

            assertRefused(429, "too-many-requests", second.receive());
        }
    }

    @Test
    void anIdIsChargedOnlyWithItsRightCodeAndOthersAreNot() throws IOException {
        try (CountersignServer server = start("--rate-per-id=1");
                Connection connection = new Connection(server.messagePort())) {
            Service service = Service.of(server);
            String alice = service.register("alice");
            String bob = service.register("bob");
            for (int i = 0; i < 10; i++) {
                assertEquals(403, service.send("alice", "guessed", "x").status());
            }

            int served = untilTooMany(connection, Connection.post("/message", Json.message("alice", alice, "hi")));

            assertTrue(served >= 2, () -> served + " served");
            assertEquals(201, service.send("bob", bob, "hi").status());
            assertEquals(403, service.send("alice", "guessed", "x").status());
            long logged = LoggedMessage.readAll(home).stream()
                    .filter(line -> line.id().equals("alice"))
                    .count();
            assertTrue(logged >= served, () -> logged + " logged");
        }
    }

    @Test
    void theOperatorSeesWhatIsBeyondTheLimitOfAnIdAsRefused() throws IOException {
        try (CountersignServer server = start("--rate-per-id=1");
                Connection connection = new Connection(server.messagePort())) {
            String code = Service.of(server).register("alice");

            int served = untilTooMany(connection, Connection.post("/message", Json.message("alice", code, "hi")));

            Registry.Use use =
                    server.store().registry().use(new ClientId("alice")).orElseThrow();
            assertEquals(List.of(served, MANY - served), List.of(use.accepted(), use.refused()));
        }
    }

    @Test
    void anIdMaySendSoManyBytesADay() throws IOException {
        try (CountersignServer server = start("--bytes-per-id=10000")) {
            Service service = Service.of(server);
            String code = service.register("alice");
            assertEquals(201, service.send("alice", code, "x".repeat(6_000)).status());

            Answer answer = service.send("alice", code, "x".repeat(6_000));

            assertEquals(429, answer.status());
            int seconds = Integer.parseInt(answer.header("Retry-After").orElseThrow());
            assertTrue(seconds > 10_000 && seconds < 86_400, () -> seconds + " s"); // for some 2,100 bytes of 10,000
            assertEquals(201, service.send("alice", code, "x".repeat(1_000)).status());
        }
    }

    @Test
    void whereRegistrationsAreClosedNobodyRegistersAndWhoHasACodeSends() throws IOException {
        String code;
        try (CountersignServer server = start()) {
            code = Service.of(server).register("alice");
        }
        try (CountersignServer server = start("--registrations=closed")) {
            Service service = Service.of(server);
            assertRefused(404, "not-found", service.postRegister(Json.registration("bob")));
            assertEquals(201, service.send("alice", code, "hi").status());
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "X-Forwarded-For: 203.0.113.1                         | X-Forwarded-For: 203.0.113.2",
                "X-Forwarded-For: 203.0.113.1:4711                    | X-Forwarded-For: 203.0.113.2:4711",
                "X-Forwarded-For: 203.0.113.1, 127.0.0.9              | X-Forwarded-For: 203.0.113.2,127.0.0.9",
                "X-Forwarded-For: 2001:db8:0:1::1                     | X-Forwarded-For: 2001:db8:0:2::1",
                "X-Forwarded-For: [2001:db8:0:1::1]:4711              | X-Forwarded-For: 2001:db8:0:2::1",
                "Forwarded: for=203.0.113.1                           | Forwarded: for=203.0.113.2",
                "Forwarded: proto=http;For=\"203.0.113.1:80\";by=x    | Forwarded: for=203.0.113.2",
                "Forwarded: for=\"[2001:db8:0:1::1]:80\"              | Forwarded: for=\"[2001:db8:0:2::1]\"",
                "X-Forwarded-For: 203.0.113.1                         | X-Other: x",
                "X-Forwarded-For: 203.0.113.1                         | X-Forwarded-For: unknown",
            })
    void behindAProxyThatIsBelievedEachOfItsClientsHasALimitOfItsOwn(String one, String another) throws IOException {
        try (CountersignServer server = limitAddresses(this, "127.0.0.0/8, 10.1.1.1")) {
            try (Connection connection = new Connection(server.registerPort())) {
                untilTooMany(connection, Connection.post("/register", one, "{}"));

                assertEquals(
                        400,
                        connection
                                .exchange(Connection.post("/register", another, "{}"))
                                .status());
            }
        }
    }

    /** Whatever a client makes up, it stays what the nearest proxy says it is. */
    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "127.0.0.1  | X-Forwarded-For: 203.0.113.1      | X-Forwarded-For: 198.51.100.N, 203.0.113.1",
                "127.0.0.1  | X-Forwarded-For: 203.0.113.1      | X-Forwarded-For: 198.51.100.N & X-Forwarded-For: 203.0.113.1",
                "127.0.0.1  | Forwarded: for=203.0.113.1        | Forwarded: for=198.51.100.N, for=203.0.113.1",
                "127.0.0.1  | X-Forwarded-For: 2001:db8:0:1::1  | X-Forwarded-For: 2001:db8:0:1::N",
                "127.0.0.1  | X-Other: x                        | Forwarded: for=\"x & Forwarded: for=\"[2001:db8::N]\"",
                "127.0.0.1  | X-Other: x                        | X-Forwarded-For: localhost",
                "127.0.0.1  | X-Other: x                        | X-Forwarded-For: 999.1.1.N",
                "127.0.0.1  | X-Other: x                        | X-Forwarded-For: 203.0.113.N & Forwarded: for=203.0.113.N",
                "10.0.0.0/8 | X-Other: x                        | X-Forwarded-For: 203.0.113.N",
            })
    void whoMakesUpAddressesIsLimitedAllTheSame(String proxies, String honest, String forged) throws IOException {
        try (CountersignServer server = limitAddresses(this, proxies);
                Connection connection = new Connection(server.registerPort())) {
            Instant start = Instant.now();
            untilTooMany(connection, Connection.post("/register", honest, "{}"));
            List<byte[]> made = IntStream.rangeClosed(1, 9)
                    .mapToObj(i -> forged.replace(" & ", "\r\n").replace("N", Integer.toString(i)))
                    .map(header -> Connection.post("/register", header, "{}"))
                    .toList();

            int served = served(connection, made);

            long seconds = Duration.between(start, Instant.now()).toSeconds();
            assertTrue(served <= seconds + 1, () -> served + " of 9 served in " + seconds + " s");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"10.0.0.0/33", "10.0.0.0/x", "not an address"})
    void proxiesThatAreNoAddressesEndTheStart(String proxies) {
        StartupException refusal = assertThrows(StartupException.class, () -> start("--forwarded-from=" + proxies));
        assertTrue(refusal.getMessage().startsWith("--forwarded-from: "), refusal.getMessage());
    }
}
