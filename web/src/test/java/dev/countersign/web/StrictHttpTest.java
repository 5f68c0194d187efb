package dev.countersign.web;

import static dev.countersign.web.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Where a request ends, which version it speaks and whom it is for, as RFC 9112 has it; on both ports. */
final class StrictHttpTest {

    private static final String HEALTH = "GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n";

    @TempDir
    static Path home;

    @RegisterExtension
    static final RunningServer server = new RunningServer(() -> home);

    private static String code;
    private static int ids;

    /** A port, with a request of it that does something, and a question whether it was done. */
    private enum Port {
        REGISTER("/register") {
            @Override
            int number() {
                return server.registerPort();
            }

            @Override
            String newBody() {
                return Json.registration("strict-" + ++ids);
            }

            @Override
            boolean isDone(String body) throws IOException {
                return server.service().postRegister(body).status() == 409;
            }
        },
        MESSAGE("/message") {
            @Override
            int number() {
                return server.messagePort();
            }

            @Override
            String newBody() {
                return Json.message("sender", code, "strict-" + ++ids);
            }

            @Override
            boolean isDone(String body) throws IOException {
                String message = Json.parse(body).required("message").stringValue();
                return server.log().stream().anyMatch(logged -> logged.message().equals(message));
            }
        };

        private final String path;

        Port(String path) {
            this.path = path;
        }

        abstract int number();

        abstract String newBody();

        abstract boolean isDone(String body) throws IOException;

        /** @param headers without the last line's end */
        String post(String version, String headers, String body) {
            return "POST " + path + " " + version + "\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                    + headers + "\r\n\r\n" + body;
        }
    }

    @BeforeAll
    static void registerTheSender() throws IOException {
        code = server.service().register("sender");
    }

    private static String chunked(String body) {
        String first = body.substring(0, 7);
        String second = body.substring(7);
        return "7\r\n" + first + "\r\n" + Integer.toHexString(second.length()) + ";a=\"b\"\r\n" + second + "\r\n0\r\n";
    }

    static Stream<String> trailers() {
        return Stream.of("\r\n", "X-Trailer: y\r\n\r\n");
    }

    @ParameterizedTest
    @MethodSource("trailers")
    void aChunkedBodyIsTakenOnlyWithItsLastByte(String trailers) throws IOException {
        for (Port port : Port.values()) {
            String body = port.newBody();
            byte[] request =
                    Connection.bytes(port.post("HTTP/1.1", "Transfer-Encoding: chunked", chunked(body) + trailers));
            int bodyStart = new String(request, ISO_8859_1).indexOf("\r\n\r\n") + 4;
            for (int end = bodyStart; end < request.length; end++) {
                try (Connection connection = new Connection(port.number())) {
                    connection.send(request, 0, end);
                    connection.endOfSending();

                    assertRefused(400, "malformed-request", connection.receive());
                    assertEquals("", connection.receiveToTheEnd());
                }
            }
            if (port == Port.MESSAGE) {
                assertFalse(port.isDone(body));
            }
            try (Connection connection = new Connection(port.number())) {
                connection.send(request);
                connection.endOfSending();

                assertEquals(201, connection.receive().status());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "gzip, chunked",
                "cow, chunked",
                "identity, chunked",
                "chunked, identity",
                "chunked, chunked",
                "identity",
                "gzip",
                "\"chunked\"",
                "chunked;q=1",
                "",
                "identity\r\nTransfer-Encoding: chunked",
                "chunked\r\nTransfer-Encoding: identity",
                "chunked\r\nTransfer-Encoding: chunked"
            })
    void aTransferCodingOtherThanChunkedIsRefused(String codings) throws IOException {
        assertNotServed("HTTP/1.1", "Transfer-Encoding: " + codings);
    }

    @ParameterizedTest
    @ValueSource(strings = {"Connection: keep-alive", "Connection: close", "X: y"})
    void aTransferCodingOfHttp10IsRefused(String header) throws IOException {
        assertNotServed("HTTP/1.0", header + "\r\nTransfer-Encoding: chunked");
    }

    /** Neither the request nor what stands behind it: nobody can tell where it ends. */
    private static void assertNotServed(String version, String headers) throws IOException {
        for (Port port : Port.values()) {
            String body = port.newBody();
            String request = port.post(version, headers, chunked(body) + "\r\n") + HEALTH;
            try (Connection connection = new Connection(port.number())) {
                Answer answer = connection.exchange(Connection.bytes(request));

                assertRefused(400, "malformed-request", answer);
                assertEquals(Optional.of("close"), answer.header("Connection"));
                assertEquals("", connection.receiveToTheEnd());
            }
            assertFalse(port.isDone(body));
        }
    }

    @Test
    void anExpectationOfHttp10IsIgnored() throws IOException {
        for (Port port : Port.values()) {
            String body = port.newBody();
            String headers = "Expect: 100-continue\r\nContent-Length: " + body.length();
            try (Connection connection = new Connection(port.number())) {
                connection.send(Connection.bytes(port.post("HTTP/1.0", headers, body)));

                String all = connection.receiveToTheEnd();

                assertTrue(all.startsWith("HTTP/1.1 201 "), all);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1.2", "HTTP/1.9"})
    void aHigherMinorVersionIsServedAsHttp11(String version) throws IOException {
        for (Port port : Port.values()) {
            String body = port.newBody();
            byte[] request = Connection.bytes(port.post(version, "Content-Length: " + body.length(), body));
            try (Connection connection = new Connection(port.number())) {
                assertEquals(201, connection.exchange(request).status());
                for (byte b : Connection.bytes(HEALTH.replace("HTTP/1.1", version))) {
                    connection.send(b);
                }
                assertEquals(200, connection.receive().status());
                Answer withoutHost = connection.exchange(Connection.bytes("GET /health " + version + "\r\n\r\n"));
                assertRefused(400, "malformed-request", withoutHost);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "HTTP/1.10",
                "HTTP/1.22",
                "HTTP/1.a",
                "HTTP/1.",
                "HTTP/1",
                "HTTP/0.2",
                "HTTP/2.2",
                "http/1.1",
                "HTTp/1.1",
                "hTTP/1.0"
            })
    void anotherVersionIsRefused(String version) throws IOException {
        assertRefusedWholeAndInParts(HEALTH.replace("HTTP/1.1", version));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET  /health HTTP/1.1",
                "GET /health  HTTP/1.1",
                "GET  /health HTTP/1.0",
                "GET /health  HTTP/1.0"
            })
    void aSecondBlankInARequestLineIsRefused(String line) throws IOException {
        assertRefusedWholeAndInParts(HEALTH.replace("GET /health HTTP/1.1", line));
    }

    private static void assertRefusedWholeAndInParts(String text) throws IOException {
        byte[] request = Connection.bytes(text);
        for (Port port : Port.values()) {
            try (Connection connection = new Connection(port.number())) {
                assertRefused(400, "malformed-request", connection.exchange(request));
            }
            try (Connection connection = new Connection(port.number())) {
                for (byte b : request) {
                    connection.send(b); // what comes behind a refusal is discarded
                }
                assertRefused(400, "malformed-request", connection.receive());
            }
        }
    }

    @ParameterizedTest
    @CsvSource({
        "http://another/health,     another.example",
        "http://another:1/health,   localhost:2",
        "HTTP://another/health?x=y, localhost",
        "https://another/health,    localhost"
    })
    void besideATargetWithAHostTheHeaderHostIsIgnored(String target, String host) throws IOException {
        for (Port port : Port.values()) {
            try (Connection connection = new Connection(port.number())) {
                String request = "GET " + target + " HTTP/1.1\r\nHost: " + host + "\r\n\r\n";

                assertEquals(200, connection.exchange(Connection.bytes(request)).status());
                assertEquals(200, connection.exchange(Connection.bytes(HEALTH)).status());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "GET http://another/health HTTP/1.1\r\n",
                "GET http://another/health HTTP/1.1\r\nHost: another\r\nHost: another\r\n",
                "GET http://another/health HTTP/1.1\r\nHost: an other\r\n",
                "GET http://another/health HTTP/1.1\r\nHost: another, other\r\n",
                "GET http://user@another/health HTTP/1.1\r\nHost: another\r\n",
                "GET http:///health HTTP/1.1\r\nHost: another\r\n",
                "GET http:/health HTTP/1.1\r\nHost: another\r\n",
                "GET ftp://another/health HTTP/1.1\r\nHost: another\r\n",
                "GET another/health HTTP/1.1\r\nHost: another\r\n"
            })
    void aTargetWithAHostNeedsAHeaderHostToo(String head) throws IOException {
        for (Port port : Port.values()) {
            try (Connection connection = new Connection(port.number())) {
                assertRefused(400, "malformed-request", connection.exchange(Connection.bytes(head + "\r\n")));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA",
                "Upgrade: h2c",
                "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
                        + "Sec-WebSocket-Version: 13",
                "Connection: Upgrade\r\nUpgrade:",
                "Connection: Upgrade"
            })
    void anUpgradeIsIgnored(String headers) throws IOException {
        for (Port port : Port.values()) {
            String body = port.newBody();
            String request = port.post("HTTP/1.1", headers + "\r\nContent-Length: " + body.length(), body);
            try (Connection connection = new Connection(port.number())) {
                assertEquals(201, connection.exchange(Connection.bytes(request)).status());
                assertEquals(200, connection.exchange(Connection.bytes(HEALTH)).status());
            }
        }
    }

    /** Its body, whatever a request of that method means by it, is no request. */
    @ParameterizedTest
    @ValueSource(strings = {"GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "BREW", "get", "head", "Post"})
    void anotherMethodMayHaveABody(String method) throws IOException {
        boolean isHead = method.equals("HEAD");
        for (Port port : Port.values()) {
            for (String path : List.of(port.path, "/health", "/nowhere")) {
                try (Connection connection = new Connection(port.number())) {
                    for (String framing : List.of(
                            "Content-Length: " + HEALTH.length() + "\r\n\r\n" + HEALTH,
                            "Transfer-Encoding: chunked\r\n\r\n" + chunked(HEALTH) + "\r\n")) {
                        String head = method + " " + path + " HTTP/1.1\r\nHost: localhost\r\n";
                        connection.send(Connection.bytes(head + framing));
                        Answer answer = isHead ? connection.receiveWithoutBody() : connection.receive();

                        assertEquals(status(method, path), answer.status());
                        assertEquals(
                                answer.status() == 405, answer.header("Allow").isPresent());
                    }
                    Answer next = connection.exchange(Connection.post("/nowhere", "{}".getBytes(UTF_8)));
                    assertRefused(404, "not-found", next);
                }
            }
        }
    }

    private static int status(String method, String path) {
        return switch (path) {
            case "/nowhere" -> 404;
            case "/health" -> method.equals("GET") || method.equals("HEAD") ? 200 : 405;
            default -> 405;
        };
    }

    @Test
    void aTunnelIsRefusedAndWhatComesThroughItIsNoRequest() throws IOException {
        for (Port port : Port.values()) {
            for (String target : List.of("localhost:443", "/health", "*", "http://localhost/health")) {
                try (Connection connection = new Connection(port.number())) {
                    String connect = "CONNECT " + target + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
                    connection.send(Connection.bytes(connect + HEALTH));

                    assertRefused(400, "malformed-request", connection.receive());
                    assertEquals("", connection.receiveToTheEnd());
                }
            }
        }
    }

    @Test
    void aRequestThatIsCutOffBeforeItsBodyIsRefused() throws IOException {
        String body = Port.MESSAGE.newBody();
        String request = Port.MESSAGE.post("HTTP/1.1", "Content-Length: " + body.length(), body);
        for (int end = 1; end < request.indexOf(body); end++) {
            try (Connection connection = new Connection(server.messagePort())) {
                connection.send(Connection.bytes(request.substring(0, end)));
                connection.endOfSending();

                assertRefused(400, "malformed-request", connection.receive());
                assertEquals("", connection.receiveToTheEnd());
            }
        }
        assertFalse(Port.MESSAGE.isDone(body));
    }

    /** Also if its client sends more, or ends, before the refusal is written. */
    @ParameterizedTest
    @ValueSource(strings = {"8\"}x\r\n\r\n", "GET /health HTTP/1.1\r\n\r\n", "GET /health HTTP/1.1\r\nHost: localhost"})
    void aBadRequestBehindAnotherIsAnswered(String bad) throws IOException {
        for (int i = 0; i < 100; i++) {
            try (Connection connection = new Connection(server.messagePort())) {
                connection.send(Connection.bytes(HEALTH + bad));
                if (i % 2 == 0) {
                    connection.send(Connection.bytes("\0\r\n\r\n"));
                }
                connection.endOfSending();

                assertEquals(200, connection.receive().status());
                assertRefused(400, "malformed-request", connection.receive());
                assertEquals("", connection.receiveToTheEnd());
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "8\"}x\r\n\r\n",
                HEALTH + "8\"}x\r\n\r\n",
                "GET /health HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
                "POST /nowhere HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000\r\n\r\n"
            })
    void aClientThatSendsMoreBehindTheLastAnswerIsNotReset(String requests) throws IOException {
        for (Port port : Port.values()) {
            try (Connection connection = new Connection(port.number())) {
                connection.send(Connection.bytes(requests));
                String answers = connection.receiveToTheEnd();
                for (int i = 0; i < 500; i++) {
                    connection.send(new byte[1000]);
                }

                assertTrue(answers.contains("\r\nConnection: close\r\n"), answers);
            }
        }
    }
}
