package dev.countersign.client;

import static dev.countersign.client.ScriptedServer.answer;
import static dev.countersign.client.ScriptedServer.busy;
import static dev.countersign.client.ScriptedServer.cut;
import static dev.countersign.client.ScriptedServer.hangingUpAfter;
import static dev.countersign.client.ScriptedServer.logged;
import static dev.countersign.client.ScriptedServer.registered;
import static dev.countersign.client.ScriptedServer.silence;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What servers do that aren't well, or aren't Countersign, and what the client makes of it. */
@Timeout(60)
class LostAnswersTest {

    private static final Credentials SENDER = new Credentials("alice", "her-code");

    @Test
    void aBusyServerIsAskedAgain() throws Exception {
        try (ScriptedServer server = new ScriptedServer(busy(), busy(), logged(7));
                CountersignClient client = clientOf(server).build()) {

            assertEquals("7", client.send(SENDER, "hi").value());

            assertEquals(3, server.requests().size());
        }
    }

    @Test
    void aBusyServerIsAskedSoManyTimesOnly() throws Exception {
        try (ScriptedServer server = new ScriptedServer(busy(), busy(), busy(), busy());
                CountersignClient client = clientOf(server).retries(2).build()) {

            RefusedException refused = assertThrows(RefusedException.class, () -> client.send(SENDER, "hi"));

            assertEquals(503, refused.problem().status());
            assertEquals(3, server.requests().size());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "503 Service Unavailable", // does not say when to come back
                "503 Service Unavailable\r\nRetry-After: 3600", // longer than anybody waits
                "503 Service Unavailable\r\nRetry-After: 9223372036854775807",
                "429 Too Many Requests\r\nRetry-After: 0",
                "500 Internal Server Error\r\nRetry-After: 0"
            })
    void otherErrorsAreNotTriedAgain(String statusAndHeaders) throws Exception {
        try (ScriptedServer server = new ScriptedServer(answer(statusAndHeaders, ""), logged(1));
                CountersignClient client = clientOf(server).build()) {

            assertThrows(RefusedException.class, () -> client.send(SENDER, "hi"));

            assertEquals(1, server.requests().size());
        }
    }

    @Test
    void aMessageWhoseAnswerIsLostIsSentOnce() throws Exception {
        try (ScriptedServer server = new ScriptedServer(cut(), logged(1));
                CountersignClient client = clientOf(server).build()) {

            assertThrows(UnknownFateException.class, () -> client.send(SENDER, "hi"));

            assertEquals(1, server.requests().size());
        }
    }

    @Test
    void aMessageWhoseAnswerIsLostIsSentAgainWhereAskedTo() throws Exception {
        try (ScriptedServer server = new ScriptedServer(cut(), logged(2));
                CountersignClient client =
                        clientOf(server).delivery(Delivery.AT_LEAST_ONCE).build()) {

            assertEquals("2", client.send(SENDER, "hi").value());

            assertEquals(server.requests().get(0), server.requests().get(1));
        }
    }

    @Test
    void aRegistrationWhoseAnswerIsLostIsNeverSentAgain() throws Exception {
        try (ScriptedServer server = new ScriptedServer(cut(), registered("code"));
                CountersignClient client =
                        clientOf(server).delivery(Delivery.AT_LEAST_ONCE).build()) {

            assertThrows(UnknownFateException.class, () -> client.register("alice"));

            assertEquals(1, server.requests().size());
        }
    }

    @Test
    void aMessageOnceLostStaysLostThoughTheServerIsGoneWhenItIsSentAgain() throws Exception {
        AtomicReference<ScriptedServer> dying = new AtomicReference<>();
        try (ScriptedServer server =
                        new ScriptedServer((out, closed) -> dying.get().close());
                CountersignClient client =
                        clientOf(server).delivery(Delivery.AT_LEAST_ONCE).build()) {
            dying.set(server);

            UnknownFateException lost = assertThrows(UnknownFateException.class, () -> client.send(SENDER, "hi"));

            assertInstanceOf(ConnectException.class, lost.getCause());
        }
    }

    @Test
    void aSilentServerIsNotWaitedForForever() throws Exception {
        try (ScriptedServer server = new ScriptedServer(silence());
                CountersignClient client =
                        clientOf(server).answerTimeout(Duration.ofMillis(100)).build()) {

            assertThrows(UnknownFateException.class, () -> client.send(SENDER, "hi"));
        }
    }

    @Test
    void anAnswerThatBreaksOffIsALostOne() throws Exception {
        try (ScriptedServer server = new ScriptedServer((out, closed) -> {
                    out.write("HTTP/1.1 201 Created\r\nContent-Length: 60\r\n\r\n{\"receipt\":\"1\",".getBytes(UTF_8));
                    throw new IOException("cut");
                });
                CountersignClient client = clientOf(server).build()) {

            assertThrows(UnknownFateException.class, () -> client.send(SENDER, "hi"));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "<html>hello</html>",
                "[]",
                "{}",
                "{receipt:'1',time:'2026-11-22T19:26:55.071Z'}",
                "{\"receipt\":1,\"time\":\"2026-11-22T19:26:55.071Z\"}",
                "{\"receipt\":\"1\",\"time\":\"yesterday\"}",
                "{\"receipt\":\"1\",\"time\":\"2026-11-22T19:26:55.071Z\"} and more"
            })
    void aYesThatIsNoneOfCountersignsIsNotBelieved(String body) throws Exception {
        try (ScriptedServer server = new ScriptedServer(answer("201 Created", body));
                CountersignClient client = clientOf(server).build()) {

            assertThrows(UnknownFateException.class, () -> client.send(SENDER, "hi"));
        }
    }

    @Test
    void anAnswerWithoutAnEndIsNotReadToIt() throws Exception {
        try (ScriptedServer server = new ScriptedServer((out, closed) -> {
                    out.write("HTTP/1.1 201 Created\r\n\r\n".getBytes(UTF_8));
                    while (true) {
                        out.write(new byte[1024]);
                    }
                });
                CountersignClient client = clientOf(server).build()) {

            assertThrows(UnknownFateException.class, () -> client.send(SENDER, "hi"));
        }
    }

    @Test
    void aStrangersNoIsARefusalWithoutAWordOfItsOwn() throws Exception {
        try (ScriptedServer server = new ScriptedServer(answer("404 Not Found", "<html>nothing here</html>"));
                CountersignClient client = clientOf(server).build()) {

            RefusedException refused = assertThrows(RefusedException.class, () -> client.send(SENDER, "hi"));

            assertEquals(new Problem("about:blank", "Not Found", 404, ""), refused.problem());
            assertEquals(Refusal.OTHER, refused.problem().refusal());
        }
    }

    @Test
    void aRedirectionIsNotFollowedAsTheCodeIsForThisServerOnly() throws Exception {
        try (ScriptedServer other = new ScriptedServer(logged(1));
                ScriptedServer server = new ScriptedServer(answer(
                        "307 Temporary Redirect\r\nLocation: http://localhost:" + other.port() + "/message", ""));
                CountersignClient client = clientOf(server).build()) {

            assertThrows(RefusedException.class, () -> client.send(SENDER, "hi"));

            assertEquals(0, other.connections());
        }
    }

    @Test
    void oneConnectionCarriesOneMessageAfterAnother() throws Exception {
        try (ScriptedServer server = new ScriptedServer(logged(1), logged(2), logged(3));
                CountersignClient client = clientOf(server).build()) {
            for (int n = 0; n < 3; n++) {
                client.send(SENDER, "hi");
            }

            assertEquals(1, server.connections());
        }
    }

    @Test
    void aConnectionThatTheServerHungUpIsNotSentInto() throws Exception {
        try (ScriptedServer server = new ScriptedServer(hangingUpAfter(logged(1)), logged(2));
                CountersignClient client =
                        clientOf(server).trustIdle(Duration.ZERO).build()) {
            client.send(SENDER, "hi");
            server.awaitHangUp();

            assertEquals("2", client.send(SENDER, "hi again").value());
        }
    }

    @Test
    void whereNobodyListensNothingIsSent() throws Exception {
        int port = freePort();
        try (CountersignClient client = CountersignClient.builder()
                .messagePort(port)
                .firstPause(Duration.ofMillis(1))
                .build()) {

            UnreachableException unreachable =
                    assertThrows(UnreachableException.class, () -> client.send(SENDER, "hi"));

            assertFalse(unreachable.toString().contains(SENDER.code()));
        }
    }

    @Test
    void aHostWithoutAnAddressIsUnreachable() {
        try (CountersignClient client =
                CountersignClient.builder().host("no-such-host.invalid").build()) {

            assertThrows(UnreachableException.class, () -> client.register("alice"));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "127.0.0.1, 127.0.0.1",
        "localhost, localhost",
        "::1, [::1]",
        "[::1], [::1]",
        "0:0:0:0:0:0:0:1, [0:0:0:0:0:0:0:1]",
        "::ffff:127.0.0.1, [::ffff:127.0.0.1]",
        "[::ffff:7f00:1], [::ffff:7f00:1]"
    })
    void theHostHeaderHasBracketsAroundAnyAddressOfIpv6(String host, String named) throws Exception {
        boolean six = named.endsWith(":1]") && !named.contains("ffff");
        InetAddress address = InetAddress.getByName(six ? "::1" : "127.0.0.1");
        try (ScriptedServer server = new ScriptedServer(new InetSocketAddress(address, 0), logged(1));
                CountersignClient client = CountersignClient.builder()
                        .host(host)
                        .messagePort(server.port())
                        .build()) {
            client.send(SENDER, "hi");

            assertTrue(
                    server.heads().get(0).contains("\r\nHost: " + named + ":" + server.port() + "\r\n"),
                    server.heads().get(0));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"localhost:8000", "http://localhost", "::1::", "[::1]:8000", "fe80::1%no-such-interface"})
    void aHostThatIsMoreThanOneIsNotAccepted(String host) {
        CountersignClientBuilder builder = CountersignClient.builder().host(host);

        IllegalArgumentException failure = assertThrows(IllegalArgumentException.class, builder::build);

        assertTrue(failure.getMessage().startsWith("host: " + host), failure.getMessage());
    }

    private static CountersignClientBuilder clientOf(ScriptedServer server) {
        return CountersignClient.builder()
                .registerPort(server.port())
                .messagePort(server.port())
                .firstPause(Duration.ofMillis(1));
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }
}
