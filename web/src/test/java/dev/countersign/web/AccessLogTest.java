package dev.countersign.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.Home;
import dev.countersign.core.StartupException;
import dev.countersign.web.operator.OperatorClient;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The log of requests, which {@code --access-log} asks for. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
final class AccessLogTest {

    private static final Settings LOGGED = RunningServer.settings("--access-log");

    @TempDir
    private Path home;

    private CountersignServer start(Settings settings) {
        return CountersignServer.start(Home.open(home), settings);
    }

    private Path file() {
        return home.resolve("logs/access.log");
    }

    /** Of a server that has stopped, and so has written all of them. */
    private List<String> lines() throws IOException {
        return Files.readAllLines(file());
    }

    @Test
    void aLineSaysWhoAskedWhenForWhatAndWhatBecameOfIt() throws IOException {
        OffsetDateTime began = OffsetDateTime.now(ZoneOffset.UTC).withNano(0);
        int sentBytes;
        try (CountersignServer server = start(LOGGED)) {
            Service service = Service.of(server);
            String code = service.register("alice");
            sentBytes = service.send("alice", code, "hi").body().length;
            service.send("alice", "wrong", "hi");
            Service.get(service.messagePort(), "/health");
            Service.get(service.messagePort(), "/nothing");
            new OperatorClient(home).ask("GET", "/status?history");
        }

        List<String> lines = lines();

        List<String> requests = List.of(
                "127.0.0.1 .* \"POST /register HTTP/1.1\" 201 \\d+",
                "127.0.0.1 .* \"POST /message HTTP/1.1\" 201 " + sentBytes,
                "127.0.0.1 .* \"POST /message HTTP/1.1\" 403 \\d+",
                "127.0.0.1 .* \"GET /health HTTP/1.1\" 200 \\d+",
                "127.0.0.1 .* \"GET - HTTP/1.1\" 404 \\d+",
                "- .* \"GET /status HTTP/1.0\" 200 \\d+");
        assertEquals(requests.size(), lines.size(), lines::toString);
        for (String request : requests) { // of two connections the later one may be written first
            assertEquals(
                    1,
                    lines.stream()
                            .filter(line -> line.matches(request + " \\d+"))
                            .count(),
                    () -> request + " in " + lines);
        }
        for (String line : lines) {
            OffsetDateTime at = OffsetDateTime.parse(
                    line.replaceAll("^\\S+ - - \\[([^]]+)].*", "$1"),
                    DateTimeFormatter.ofPattern("dd/MMM/yyyy:HH:mm:ss ZZZ", Locale.ENGLISH));
            assertFalse(at.isBefore(began) || at.isAfter(OffsetDateTime.now()), line);
        }
    }

    @Test
    void withoutTheSettingThereIsNone() throws IOException {
        try (CountersignServer server = start(Settings.local())) {
            Service.of(server).register("alice");
        }

        assertFalse(Files.exists(file()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET /health?SECRET",
                "GET /SECRET",
                "GET /health;SECRET",
                "GET /health/%2e%2e/SECRET",
                "GET http://SECRET@localhost/health",
                "GET /health#SECRET",
                "GET SECRET",
                "SECRET /health",
                "{\"code\":\"SECRET\"} /health",
                "POST /message HTTP/1.1\r\nAuthorization: Basic SECRET\r\nReferer: SECRET\r\nUser-Agent: SECRET\r\nX:"
            })
    void whateverElseAClientSaysStandsInNoLine(String request) throws IOException {
        try (CountersignServer server = start(LOGGED);
                Connection connection = new Connection(server.messagePort())) {
            connection.send(Connection.request(request, "Connection: close", new byte[0]));
            connection.receiveToTheEnd();
        }

        List<String> lines = lines();

        assertEquals(1, lines.size(), lines::toString);
        assertFalse(lines.get(0).contains("SECRET"), lines::toString);
    }

    @Test
    void behindAProxyThatIsBelievedItHasTheClientsAddress() throws IOException {
        Settings trusting = RunningServer.settings("--access-log", "--forwarded-from=127.0.0.0/8");
        try (CountersignServer server = start(trusting);
                Connection connection = new Connection(server.messagePort())) {
            String headers = "Connection: close\r\nX-Forwarded-For: 192.0.2.1, 198.51.100.7";
            connection.send(Connection.request("GET /health", headers, new byte[0]));
            connection.receiveToTheEnd();
        }

        assertTrue(lines().get(0).startsWith("198.51.100.7 - - ["), lines()::toString);
    }

    @Test
    void itIsForTheUsersThatMayReadTheOtherLogs() throws IOException {
        start(LOGGED).close();
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file())));

        Files.delete(file());
        start(RunningServer.settings("--access-log", "--group-readable")).close();
        assertEquals("rw-r-----", PosixFilePermissions.toString(Files.getPosixFilePermissions(file())));
    }

    @Test
    void aFullOneIsSetAside() throws Exception {
        Path aside = file().resolveSibling("access.1.log");
        long full = 128L * 1024 * 1024;
        Home.open(home).close();
        try (RandomAccessFile sparse = new RandomAccessFile(file().toFile(), "rw")) {
            sparse.setLength(full);
        }
        try (CountersignServer server = start(LOGGED)) {
            while (!Files.exists(aside)) {
                assertEquals(200, Service.get(server.messagePort(), "/health").status());
            }
        }

        assertTrue(Files.size(aside) >= full);
        assertFalse(lines().isEmpty());
        assertTrue(lines().stream().allMatch(line -> line.contains("\"GET /health HTTP/1.1\" 200")), lines()::toString);
    }

    @Test
    void aDiskThatTakesNoLineCostsNoRequest() throws IOException {
        Home.open(home).close();
        Files.createSymbolicLink(file(), Path.of("/dev/full"));
        try (CountersignServer server = start(LOGGED)) {
            Service service = Service.of(server);
            String code = service.register("alice");
            for (int i = 0; i < 100; i++) {
                assertEquals(201, service.send("alice", code, "hi").status());
            }
        }
        Files.delete(file());
    }

    @Test
    void aStartThatCanNotWriteItSaysSoAndLeavesNothingOpen() throws IOException {
        Home.open(home).close();
        Files.createDirectory(file());

        String reason =
                assertThrows(StartupException.class, () -> start(LOGGED)).getMessage();

        assertTrue(reason.contains(file().toString()), reason);
        Files.delete(file());
        start(LOGGED).close();
        assertEquals("", Files.readString(file(), UTF_8));
    }
}
