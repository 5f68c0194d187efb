package dev.countersign.web;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.Home;
import dev.countersign.core.StartupException;
import dev.countersign.web.operator.OperatorClient;
import java.io.IOException;
import java.net.Socket;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ServerSocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What the operator asks of a running server, through the socket in its home and the port of the loopback address. */
@Timeout(value = 1, unit = TimeUnit.MINUTES)
final class OperatorTest {

    private static final Settings WITH_PORT = RunningServer.settings("--operator-port=0");

    @TempDir
    private Path home;

    private CountersignServer server;

    @AfterEach
    void stop() {
        server.close();
    }

    @ParameterizedTest
    @ValueSource(strings = {"/live", "/ready"})
    void aServerThatIsWellSaysSo(String path) throws IOException {
        start(home, WITH_PORT);
        assertEquals(new OperatorClient.Answer(200, "{\"status\":\"UP\"}\n"), ask(path));
        assertEquals(200, Service.get(operatorPort(), path).status());
    }

    @Test
    void readyGivesTheReasonInWordsWhenItIsNot() throws Exception {
        start(home, Settings.local());
        Files.delete(home.resolve("data/countersign.db"));

        while (ask("/ready").status() == 200) {
            Thread.sleep(50);
        }

        OperatorClient.Answer ready = ask("/ready");
        assertEquals(503, ready.status());
        String reason = Json.parse(ready.body()).get("reason").asString();
        assertTrue(reason.contains("countersign.db"), reason);
        assertEquals(200, ask("/live").status());
    }

    @Test
    void theSocketIsItsOwnersAloneAndGoesWithTheServer() throws IOException {
        Path socket = Home.operatorSocket(home);
        start(home, Settings.local());
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(socket)));
        assertFalse(Files.exists(home.resolve("data/operator")));

        server.close();
        assertFalse(Files.exists(socket));
        String reason = assertThrows(StartupException.class, () -> ask("/live")).getMessage();
        assertTrue(reason.startsWith("no server is running in " + home), reason);
    }

    @Test
    void aSocketThatAKilledServerLeftIsReplaced() throws IOException {
        Path socket = Home.operatorSocket(home);
        Home.createFolder(socket.getParent());
        ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(socket))
                .close(); // the file stays
        Home.createFolder(socket.resolveSibling("operator"));
        ServerSocketChannel.open(StandardProtocolFamily.UNIX)
                .bind(UnixDomainSocketAddress.of(
                        socket.resolveSibling("operator").resolve("s")))
                .close();
        assertTrue(Files.exists(socket));

        start(home, Settings.local());
        assertEquals(200, ask("/live").status());
    }

    @Test
    void aHomeWhosePathIsTooLongForASocketStopsNoStart() throws IOException {
        Path deep = home.resolve("d".repeat(120));
        start(deep, Settings.local());
        String code = Service.of(server).register("alice");

        assertEquals(201, Service.of(server).send("alice", code, "hi").status());
        assertFalse(Files.exists(Home.operatorSocket(deep)));
    }

    @Test
    void somethingElseInItsPlaceStopsNoStart() throws IOException {
        Path inTheWay = Home.operatorSocket(home).resolve("file");
        Home.createFolder(inTheWay.getParent());
        Files.createFile(inTheWay);

        start(home, WITH_PORT);
        assertEquals(200, Service.get(operatorPort(), "/live").status());
        assertTrue(Files.exists(inTheWay));
    }

    @ParameterizedTest
    @CsvSource({
        "localhost,200", "LOCALHOST:1,200", "127.0.0.1:9,200", "[::1]:80,200",
        "attacker.example,400", "attacker.example:80,400", "localhost.attacker.example,400", "192.168.1.1,400"
    })
    void aNameThatAnotherSiteLedHereIsRefused(String host, int status) throws IOException {
        start(home, WITH_PORT);
        String answer = raw(operatorPort(), "GET /live HTTP/1.1\r\nHost: " + host + "\r\nConnection: close\r\n\r\n");

        assertTrue(answer.startsWith("HTTP/1.1 " + status + " "), answer);
        assertFalse(answer.contains("attacker"), answer);
    }

    @ParameterizedTest
    @ValueSource(strings = {"/live", "/ready"})
    void thePublicPortsNeitherHaveNorNameWhatIsTheOperators(String path) throws IOException {
        start(home, WITH_PORT);
        for (int port : new int[] {server.registerPort(), server.messagePort()}) {
            Answer answer = Service.get(port, path);
            assertEquals(404, answer.status());
            assertEquals("There is no such path on this port.", answer.member("detail"));
        }
        assertEquals(404, Service.get(operatorPort(), "/message").status());
    }

    private void start(Path folder, Settings settings) {
        server = CountersignServer.start(Home.open(folder), settings);
    }

    private int operatorPort() {
        return server.addresses().get("operator").getPort();
    }

    private OperatorClient.Answer ask(String path) throws IOException {
        return new OperatorClient(home).ask("GET", path);
    }

    private static String raw(int port, String request) throws IOException {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.getOutputStream().write(request.getBytes(US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), UTF_8);
        }
    }
}
