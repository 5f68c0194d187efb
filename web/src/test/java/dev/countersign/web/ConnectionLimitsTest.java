package dev.countersign.web;

import static dev.countersign.web.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.countersign.web.operator.OperatorClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How many connections there may be, and for how long one may say nothing of use. */
final class ConnectionLimitsTest {

    private static final Path SHELL = Path.of("/bin/sh");
    private static final int MAX_FILES = 1024;
    private static final int CONNECTIONS = 16;
    private static final int ON_ONE_PORT = 14;
    private static final Duration HEADER_TIMEOUT = Duration.ofSeconds(1);
    private static final Duration IDLE_TIMEOUT = Duration.ofSeconds(3);
    private static final byte[] HEALTH = Connection.request("GET /health");

    @TempDir
    static Path home;

    @RegisterExtension
    static final RunningServer server = new RunningServer(
            () -> home,
            "--max-connections=" + CONNECTIONS,
            "--header-timeout=" + HEADER_TIMEOUT.toSeconds(),
            "--idle-timeout=" + IDLE_TIMEOUT.toSeconds());

    @Test
    void whereNoneIsIdleANewOneIsRefusedAtOnceAndTheOtherPortStillServes() throws IOException {
        List<Connection> open = new ArrayList<>();
        try {
            for (int i = 0; i < ON_ONE_PORT; i++) {
                open.add(busy());
            }
            try (Connection oneTooMany = new Connection(server.messagePort())) {
                assertRefused(503, "overloaded", oneTooMany.receive());
                assertEquals("", oneTooMany.receiveToTheEnd());
            }
            try (Connection onTheOtherPort = new Connection(server.registerPort())) {
                assertEquals(200, onTheOtherPort.exchange(HEALTH).status());
            }
        } finally {
            closeAll(open);
        }
    }

    @Test
    void whereOthersAreIdleTheLongestIdleMakesRoom() throws IOException {
        List<Connection> open = new ArrayList<>();
        try {
            Instant start = Instant.now();
            for (int i = 0; i < ON_ONE_PORT; i++) {
                Connection connection = new Connection(server.messagePort());
                open.add(connection);
                assertEquals(200, connection.exchange(HEALTH).status());
            }
            Connection first = open.get(0);
            while (Duration.between(start, Instant.now()).toMillis() < 1_300) {
                for (Connection another : open.subList(1, ON_ONE_PORT)) {
                    assertEquals(200, another.exchange(HEALTH).status());
                }
            }
            try (Connection newcomer = new Connection(server.messagePort())) {
                assertEquals(200, newcomer.exchange(HEALTH).status());
            }
            assertEquals("", first.receiveToTheEnd(), "the longest idle is closed");
            for (Connection another : open.subList(1, ON_ONE_PORT)) {
                assertEquals(200, another.exchange(HEALTH).status());
            }
        } finally {
            closeAll(open);
        }
    }

    /** Closes connections; returns when the server has noticed, so that the next test has room. */
    private static void closeAll(List<Connection> open) throws IOException {
        for (Connection connection : open) {
            connection.close();
        }
        String none = "jetty_connections_current{port=\"message\"} 0";
        while (!new OperatorClient(home).ask("GET", "/metrics").body().contains(none)) {
            Thread.onSpinWait();
        }
    }

    /** A request is under way on it, whose body does not come. */
    private static Connection busy() throws IOException {
        Connection connection = new Connection(server.messagePort());
        assertEquals(200, connection.exchange(HEALTH).status());
        connection.send(Connection.request(
                "POST /message", "Content-Type: application/json\r\nContent-Length: 10", new byte[0]));
        return connection;
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET /health HTTP/1.1\r\nHost: x\r\nX: yyyyyyyyyyyyyyyyyy", "\r\n\r\n\r\n\r\n\r\n\r\n\r\n"})
    void headersThatDribbleAreRefusedWhenTheirTimeIsUp(String headers) throws IOException {
        Instant start = Instant.now();
        try (Connection slow = new Connection(server.messagePort());
                Connection pace = new Connection(server.messagePort())) {
            byte[] bytes = Connection.bytes(headers);
            for (int i = 0; Duration.between(start, Instant.now()).compareTo(HEADER_TIMEOUT) < 0; i++) {
                slow.send(bytes[i % bytes.length]);
                while (Duration.between(start, Instant.now()).toMillis() < 100L * i) {
                    pace.exchange(HEALTH);
                }
            }

            assertRefused(408, "request-timeout", slow.receive());
            assertEquals("", slow.receiveToTheEnd());
        }
    }

    @Test
    void aHeadWhoseHeadersDoNotComeIsRefusedWithoutABody() throws IOException {
        try (Connection slow = new Connection(server.messagePort())) {
            slow.send(Connection.bytes("HEAD /health HTTP/1.1\r\nHost: x"));

            assertEquals(408, slow.receiveWithoutBody().status());
            assertEquals("", slow.receiveToTheEnd());
        }
    }

    @Test
    void aRequestBehindAHeadIsRefusedWithItsBodyWhenItsHeadersDoNotCome() throws IOException {
        try (Connection slow = new Connection(server.messagePort())) {
            slow.send(Connection.request("HEAD /health"));
            assertEquals(200, slow.receiveWithoutBody().status());
            slow.send(Connection.bytes("GET /health HTTP/1.1\r\nHost: x"));

            assertRefused(408, "request-timeout", slow.receive());
            assertEquals("", slow.receiveToTheEnd());
        }
    }

    @Test
    void aConnectionThatIsIdleBetweenRequestsHasMoreTimeThanItsHeaders() throws IOException {
        try (Connection connection = new Connection(server.messagePort());
                Connection pace = new Connection(server.messagePort())) {
            assertEquals(200, connection.exchange(HEALTH).status());
            Instant start = Instant.now();
            while (Duration.between(start, Instant.now()).compareTo(HEADER_TIMEOUT.multipliedBy(2)) < 0) {
                pace.exchange(HEALTH);
            }

            assertEquals(200, connection.exchange(HEALTH).status());
        }
    }

    @Test
    void aSilentConnectionIsGoneAfterItsTimeOnceWhetherOrNotItsClientClosesIt() throws IOException {
        Instant start = Instant.now();
        try (Connection silent = new Connection(server.messagePort())) {
            assertEquals("", silent.receiveToTheEnd());
            Duration closedAfter = Duration.between(start, Instant.now());
            assertTrue(closedAfter.compareTo(IDLE_TIMEOUT.multipliedBy(2)) < 0, closedAfter::toString);

            // to a socket that is closed on both sides the answer is a reset; one closed on one side goes on reading
            assertThrows(IOException.class, () -> {
                while (Duration.between(start, Instant.now()).compareTo(closedAfter.plusSeconds(1)) < 0) {
                    silent.send((byte) ' ');
                }
            });
        }
    }

    /** The answer once there is room: until others count as idle, a new connection may be refused. */
    private static Answer served(Callable<Answer> request) throws Exception {
        Instant end = Instant.now().plusSeconds(20);
        while (true) {
            try {
                Answer answer = request.call();
                if (answer.status() != 503) {
                    assertEquals(201, answer.status(), answer::text);
                    return answer;
                }
            } catch (IOException e) {
                // refused, and closed before the request was read
            }
            assertTrue(Instant.now().isBefore(end), "not served in time");
        }
    }

    @Test
    void withFewFilesTheLimitIsBelowThemAndNewClientsAreServedOnBothPorts(@TempDir Path ownHome) throws Exception {
        assumeTrue(Files.isExecutable(SHELL));
        List<String> command =
                ServerProcess.command("--home=" + ownHome, "--host=127.0.0.1", "--register-port=0", "--message-port=0");
        command.addAll(0, List.of(SHELL.toString(), "-c", "ulimit -n " + MAX_FILES + "; exec \"$@\"", "sh"));
        List<Connection> silent = new ArrayList<>();
        try (ServerProcess process = ServerProcess.start(new ProcessBuilder(command))) {
            Service service = process.service();
            for (int i = 0; i < MAX_FILES + 100; i++) {
                silent.add(new Connection(service.messagePort()));
            }
            String code = served(() -> service.postRegister(Json.registration("alice")))
                    .member("code");
            served(() -> service.send("alice", code, "hi"));
            String log = Files.readString(ownHome.resolve("logs/server.log"));
            Matcher limit = Pattern.compile("--max-connections=(\\d+)").matcher(log);
            assertTrue(limit.find() && Integer.parseInt(limit.group(1)) < MAX_FILES, log);
        } finally {
            for (Connection connection : silent) {
                connection.close();
            }
        }
    }
}
