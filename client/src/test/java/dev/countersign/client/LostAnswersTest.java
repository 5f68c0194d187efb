package dev.countersign.client;

import static dev.countersign.client.ScriptedServer.answer;
import static dev.countersign.client.ScriptedServer.busy;
import static dev.countersign.client.ScriptedServer.cut;
import static dev.countersign.client.ScriptedServer.hangingUpAfter;
import static dev.countersign.client.ScriptedServer.logged;
import static dev.countersign.client.ScriptedServer.problem;
import static dev.countersign.client.ScriptedServer.registered;
import static dev.countersign.client.ScriptedServer.replayed;
import static dev.countersign.client.ScriptedServer.silence;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NoRouteToHostException;
import java.net.ServerSocket;
import java.net.SocketException;
import java.nio.channels.SocketChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
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
    void aServerThatStaysBusyIsAskedForALimitedTime() throws Exception {
        try (ScriptedServer server = new ScriptedServer(busy(), busy());
                CountersignClient client =
                        clientOf(server).retryFor(Duration.ZERO).build()) {

            RefusedException refused = assertThrows(RefusedException.class, () -> client.send(SENDER, "hi"));

            assertEquals(Refusal.OVERLOADED, refused.problem().refusal());
            assertEquals(1, server.requests().size());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"3600", "9223372036854775807", "Sat, 06 Nov 2094 08:49:37 GMT"})
    void aBusyServerIsNotWaitedForWhereItAsksForMoreThanAnybodyWaits(String retryAfter) throws Exception {
        try (ScriptedServer server = new ScriptedServer(
                        problem("503 Service Unavailable\r\nRetry-After: " + retryAfter, "overloaded"), logged(1));
                CountersignClient client = clientOf(server).build()) {

            assertThrows(RefusedException.class, () -> client.send(SENDER, "hi"));

            assertEquals(1, server.requests().size());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"Sun, 06 Nov 1994 08:49:37 GMT", "soon", "-1", ""})
    void aBusyServerThatAsksForNoTimeIsAskedAgainSoon(String retryAfter) throws Exception {
        try (ScriptedServer server = new ScriptedServer(
                        problem("503 Service Unavailable\r\nRetry-After: " + retryAfter, "overloaded"), logged(1));
                CountersignClient client = clientOf(server).build()) {

            assertEquals("1", client.send(SENDER, "hi").value());
        }
    }

    @ParameterizedTest
    @CsvSource({
        "400 Bad Request, malformed-request",
        "403 Forbidden, wrong-code",
        "408 Request Timeout, request-timeout",
        "451 Unavailable For Legal Reasons, of-a-later-version"
    })
    void countersignsOwnNoIsARefusalAndNotTriedAgain(String status, String word) throws Exception {
        try (ScriptedServer server = new ScriptedServer(problem(status + "\r\nRetry-After: 0", word), logged(1));
                CountersignClient client = clientOf(server).build()) {

            RefusedException refused = assertThrows(RefusedException.class, () -> client.send(SENDER, "hi"));

            assertEquals(
                    Refusal.ofType("urn:countersign:problem:" + word),
                    refused.problem().refusal());
            assertEquals("refused: " + status.substring(0, 3) + " Title: Detail.", refused.getMessage());
            assertEquals(1, server.requests().size());
        }
    }

    @ParameterizedTest
    @CsvSource({"503 Service Unavailable, unavailable", "500 Internal Server Error, internal-error"})
    void aFailureOfTheServersOwnThatLastsLeavesTheFateUnknown(String status, String word) throws Exception {
        try (ScriptedServer server = new ScriptedServer(
                        problem(status + "\r\nRetry-After: 0", word),
                        problem(status + "\r\nRetry-After: 0", word),
                        logged(1));
                CountersignClient client =
                        clientOf(server).retryFor(Duration.ZERO).build()) {

            UnknownFateException message = assertThrows(UnknownFateException.class, () -> client.send(SENDER, "hi"));
            UnknownFateException registration =
                    assertThrows(UnknownFateException.class, () -> client.register("alice"));

            assertEquals("outcome unknown: " + status.substring(0, 3) + " Title: Detail.", message.getMessage());
            assertEquals(
                    Refusal.ofType("urn:countersign:problem:" + word),
                    message.problem().orElseThrow().refusal());
            assertEquals(message.problem(), registration.problem());
            assertEquals(2, server.requests().size());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "404 Not Found\r\nContent-Type: application/problem+json",
                "429 Too Many Requests\r\nRetry-After: 0",
                "407 Proxy Authentication Required",
                "304 Not Modified",
                "302 Found\r\nLocation: /login",
                "200 OK",
                "202 Accepted"
            })
    void aStrangersAnswerThatWontChangeLeavesTheFateUnknownAndIsNotTriedAgain(String statusAndHeaders)
            throws Exception {
        try (ScriptedServer server = new ScriptedServer(answer(statusAndHeaders, "{}"), logged(1));
                CountersignClient client = clientOf(server).build()) {

            UnknownFateException unknown = assertThrows(UnknownFateException.class, () -> client.send(SENDER, "hi"));

            assertStranger(statusAndHeaders, unknown);
            assertEquals(1, server.requests().size());
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "502 Bad Gateway",
                "504 Gateway Timeout\r\nContent-Type: text/html",
                "503 Service Unavailable\r\nRetry-After: 0",
                "500 Internal Server Error\r\nRetry-After: 0",
                "599"
            })
    void aStrangersFailureIsTriedAgainAndLeavesTheFateUnknownWhereItLasts(String statusAndHeaders) throws Exception {
        try (ScriptedServer server =
                        new ScriptedServer(answer(statusAndHeaders, "{}"), logged(1), answer(statusAndHeaders, "{}"));
                CountersignClient patient = clientOf(server).build();
                CountersignClient client =
                        clientOf(server).retryFor(Duration.ZERO).build()) {

            assertEquals("1", patient.send(SENDER, "hi").value());
            UnknownFateException unknown = assertThrows(UnknownFateException.class, () -> client.send(SENDER, "hi"));

            assertStranger(statusAndHeaders, unknown);
            assertEquals(3, server.requests().size());
        }
    }

    private static void assertStranger(String statusAndHeaders, UnknownFateException unknown) {
        assertEquals(
                "outcome unknown, the answer is not Countersign's: "
                        + statusAndHeaders.split("\r")[0],
                unknown.getMessage());
        assertEquals(Optional.empty(), unknown.problem());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "403 Forbidden", // no type
                "403 Forbidden\r\nContent-Type: application/json",
                "302 Found\r\nContent-Type: application/problem+json",
                "200 OK\r\nContent-Type: application/problem+json"
            })
    void whatOnlyLooksLikeAProblemIsAStrangers(String statusAndHeaders) throws Exception {
        String body = "{\"type\":\"urn:countersign:problem:wrong-code\",\"title\":\"Wrong code\"}";
        try (ScriptedServer server = new ScriptedServer(answer(statusAndHeaders, body));
                CountersignClient client = clientOf(server).build()) {

            assertThrows(UnknownFateException.class, () -> client.send(SENDER, "hi"));
        }
    }

    @Test
    void anotherServicesProblemIsAStrangers() throws Exception {
        String headers = "404 Not Found\r\nContent-Type: application/problem+json";
        try (ScriptedServer server = new ScriptedServer(
                        answer(headers, "{\"type\":\"about:blank\",\"title\":\"Not Found\",\"detail\":\"\"}"));
                CountersignClient client = clientOf(server).build()) {

            assertThrows(UnknownFateException.class, () -> client.send(SENDER, "hi"));
        }
    }

    @Test
    void whateverPassesAMessageIsSentAgainWithItsKey() throws Exception {
        try (ScriptedServer server = new ScriptedServer(
                        cut(),
                        answer("502 Bad Gateway", ""),
                        hangingUpAfter((out, closed) -> out.write("HTTP/1.1 201 Cre".getBytes(UTF_8))),
                        problem("500 Internal Server Error", "internal-error"),
                        problem("503 Service Unavailable\r\nRetry-After: 0", "unavailable"),
                        busy(),
                        replayed(5));
                CountersignClient client = clientOf(server).build()) {

            assertEquals("5", client.send(SENDER, "hi").value());

            assertEquals(7, server.requests().size());
            assertEquals(1, Set.copyOf(server.requests()).size());
            assertEquals(1, Set.copyOf(server.keys()).size());
            assertTrue(server.keys().get(0).matches("[A-Za-z0-9_-]{22}"), server.keys()::toString);
        }
    }

    @Test
    void everyCallHasAKeyOfItsOwnUnlessItBringsOne() throws Exception {
        try (ScriptedServer server = new ScriptedServer(logged(1), logged(2), registered("code"), logged(3));
                CountersignClient client = clientOf(server).build()) {
            client.send(SENDER, "hi");
            client.send(SENDER, "hi");
            client.register("bob");
            client.send(SENDER, "hi", "mine");

            assertEquals(4, Set.copyOf(server.keys()).size());
            assertEquals("mine", server.keys().get(3));
            assertThrows(IllegalArgumentException.class, () -> client.send(SENDER, "hi", ""));
            assertThrows(IllegalArgumentException.class, () -> client.send(SENDER, "hi", "two words"));
            assertThrows(IllegalArgumentException.class, () -> client.send(SENDER, "hi", "\"quoted\""));
            assertThrows(IllegalArgumentException.class, () -> client.send(SENDER, "hi", "x".repeat(65)));
            assertThrows(IllegalArgumentException.class, () -> client.register("bob", "fifteen letters".substring(1)));
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.1 404 Not Found\r\n\r\n",
                "SSH-2.0-OpenSSH_9.2\r\n\r\n",
                "\u0015\u0003\u0003\u0000\u0002\u0002F"
            })
    void aStrangerIsNotAskedAgain(String answer) throws Exception {
        try (ScriptedServer server = new ScriptedServer(
                        hangingUpAfter((out, closed) -> out.write(answer.getBytes(UTF_8))), logged(2));
                CountersignClient client = clientOf(server).build()) {

            assertThrows(UnknownFateException.class, () -> client.send(SENDER, "hi"));

            assertEquals(1, server.requests().size());
        }
    }

    @Test
    void aServerThatWasDownForTwoSecondsGetsTheMessage() throws Exception {
        InetSocketAddress address = new InetSocketAddress(InetAddress.getLoopbackAddress(), freePort());
        Executor inTwoSeconds = CompletableFuture.delayedExecutor(2, TimeUnit.SECONDS);
        CompletableFuture<ScriptedServer> server =
                CompletableFuture.supplyAsync(() -> new ScriptedServer(address, logged(3)), inTwoSeconds);
        List<CountersignException> waits = new CopyOnWriteArrayList<>();
        try (CountersignClient client = CountersignClient.builder()
                .messagePort(address.getPort())
                .waiting(waits::add)
                .build()) {

            assertEquals("3", client.send(SENDER, "hi").value());

            assertEquals(1, waits.size());
            assertInstanceOf(UnreachableException.class, waits.get(0));
        } finally {
            server.get().close();
        }
    }

    @Test
    void aConnectionThatDoesNotComeAboutInTimeIsTriedAgain() throws Exception {
        List<CountersignException> waits = new CopyOnWriteArrayList<>();
        List<SocketChannel> queue = new ArrayList<>();
        try (ServerSocket deaf = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                CountersignClient client = CountersignClient.builder()
                        .messagePort(deaf.getLocalPort())
                        .connectTimeout(Duration.ofMillis(50))
                        .retryFor(Duration.ofMillis(200))
                        .waiting(waits::add)
                        .build()) {
            for (int n = 0; n < 8; n++) { // more than it lets wait for its accept, which never comes
                SocketChannel waiting = SocketChannel.open();
                queue.add(waiting);
                waiting.configureBlocking(false);
                waiting.connect(deaf.getLocalSocketAddress());
            }

            assertThrows(UnreachableException.class, () -> client.send(SENDER, "hi"));

            assertEquals(1, waits.size());
            assertInstanceOf(UnreachableException.class, waits.get(0));
        } finally {
            for (SocketChannel waiting : queue) {
                waiting.close();
            }
        }
    }

    @Test
    void anInterruptEndsTheWaiting() throws Exception {
        try (CountersignClient client = CountersignClient.builder()
                .messagePort(freePort())
                .firstPause(Duration.ofHours(1))
                .retryFor(Duration.ofHours(2))
                .waiting(failure -> Thread.currentThread().interrupt())
                .build()) {

            assertThrows(UnreachableException.class, () -> client.send(SENDER, "hi"));

            assertTrue(Thread.interrupted());
        }
    }

    @Test
    void aRegistrationWhoseAnswerIsLostIsSentAgainWithItsKey() throws Exception {
        try (ScriptedServer server = new ScriptedServer(cut(), registered("code"));
                CountersignClient client = clientOf(server).build()) {

            assertEquals("code", client.register("alice").code());

            assertEquals(server.requests().get(0), server.requests().get(1));
            assertEquals(server.keys().get(0), server.keys().get(1));
        }
    }

    @Test
    void anIdThatIsTakenIsAnothersThoughAnAnswerWasLost() throws Exception {
        try (ScriptedServer server = new ScriptedServer(cut(), problem("409 Conflict", "id-taken"));
                CountersignClient client = clientOf(server).build()) {

            RefusedException refused = assertThrows(RefusedException.class, () -> client.register("alice"));

            assertEquals(Refusal.ID_TAKEN, refused.problem().refusal());
        }
    }

    @Test
    void aMessageOnceLostStaysLostThoughItIsRefusedWhenItIsSentAgain() throws Exception {
        try (ScriptedServer server = new ScriptedServer(cut(), problem("403 Forbidden", "wrong-code"));
                CountersignClient client = clientOf(server).build()) {

            assertThrows(UnknownFateException.class, () -> client.send(SENDER, "hi"));
        }
    }

    @Test
    void aMessageOnceLostStaysLostThoughTheServerIsGoneWhenItIsSentAgain() throws Exception {
        AtomicReference<ScriptedServer> dying = new AtomicReference<>();
        try (ScriptedServer server =
                        new ScriptedServer((out, closed) -> dying.get().close());
                CountersignClient client =
                        clientOf(server).retryFor(Duration.ofMillis(100)).build()) {
            dying.set(server);

            UnknownFateException lost = assertThrows(UnknownFateException.class, () -> client.send(SENDER, "hi"));

            assertInstanceOf(ConnectException.class, lost.getCause());
        }
    }

    @Test
    void aSilentServerIsNotWaitedForForever() throws Exception {
        try (ScriptedServer server = new ScriptedServer(silence());
                CountersignClient client = clientOf(server)
                        .answerTimeout(Duration.ofMillis(100))
                        .retryFor(Duration.ofMillis(300))
                        .build()) {

            assertThrows(UnknownFateException.class, () -> client.send(SENDER, "hi"));
        }
    }

    @Test
    void anAnswerThatBreaksOffIsALostOne() throws Exception {
        try (ScriptedServer server = new ScriptedServer((out, closed) -> {
                    out.write("HTTP/1.1 201 Created\r\nContent-Length: 60\r\n\r\n{\"receipt\":\"1\",".getBytes(UTF_8));
                    throw new IOException("cut");
                });
                CountersignClient client =
                        clientOf(server).retryFor(Duration.ZERO).build()) {

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
                CountersignClient client =
                        clientOf(server).retryFor(Duration.ZERO).build()) {

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
                CountersignClient client =
                        clientOf(server).retryFor(Duration.ZERO).build()) {

            assertThrows(UnknownFateException.class, () -> client.send(SENDER, "hi"));
        }
    }

    @Test
    void aRedirectionIsNotFollowedAsTheCodeIsForThisServerOnly() throws Exception {
        try (ScriptedServer other = new ScriptedServer(logged(1));
                ScriptedServer server = new ScriptedServer(answer(
                        "307 Temporary Redirect\r\nLocation: http://localhost:" + other.port() + "/message", ""));
                CountersignClient client = clientOf(server).build()) {

            assertThrows(UnknownFateException.class, () -> client.send(SENDER, "hi"));

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
    void aMessageArrivesThoughTheServerHungUpTheConnection() throws Exception {
        try (ScriptedServer server = new ScriptedServer(hangingUpAfter(logged(1)), logged(2));
                CountersignClient client = clientOf(server).build()) {
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
                .retryFor(Duration.ofMillis(10))
                .firstPause(Duration.ofMillis(1))
                .build()) {

            UnreachableException unreachable =
                    assertThrows(UnreachableException.class, () -> client.send(SENDER, "hi"));

            assertFalse(unreachable.toString().contains(SENDER.code()));
        }
    }

    @Test
    void aHostWithoutAnAddressIsUnreachableAtOnce() {
        try (CountersignClient client = CountersignClient.builder()
                .host("no-such-host.invalid")
                .waiting(failure -> fail("nothing will come of waiting"))
                .build()) {

            assertThrows(UnreachableException.class, () -> client.register("alice"));
        }
    }

    /** As a client without a network sees it, or one whose server's host is starting. */
    @Test
    void withoutAConnectionNothingWasSentWhateverTheReason() {
        for (IOException reason : List.of(
                new SocketException("Network is unreachable"),
                new BindException("Cannot assign requested address"),
                new NoRouteToHostException("No route to host"))) {
            CountersignException failure = CountersignException.broken(reason, false);
            assertInstanceOf(UnreachableException.class, failure);
            assertTrue(failure.isPassing());
            assertInstanceOf(UnknownFateException.class, CountersignException.broken(reason, true));
        }
    }

    @Test
    void aCallWhoseAnswerAClosePreventsHasAnUnknownOutcome() throws Exception {
        try (ScriptedServer server = new ScriptedServer(silence())) {
            CountersignClient client = clientOf(server).build();
            CompletableFuture<CountersignException> call = CompletableFuture.supplyAsync(
                    () -> assertThrows(CountersignException.class, () -> client.send(SENDER, "hi")));
            server.awaitRequests(1);
            client.close();
            assertInstanceOf(UnknownFateException.class, call.get());
            assertThrows(UnreachableException.class, () -> client.send(SENDER, "late"));
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
