package dev.countersign.web;

import static dev.countersign.web.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import dev.countersign.web.http.HttpServer;
import dev.countersign.web.http.Limits;
import dev.countersign.web.http.Listener;
import dev.countersign.web.http.ServerThreads;
import jakarta.servlet.http.HttpServlet;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a client can do with HTTP itself: break it, and use the parts of it that few use. */
final class HttpTest {

    private static final int MAX_BODY_BYTES = 64 * 1024;

    @TempDir
    static Path home;

    @RegisterExtension
    static final RunningServer server = new RunningServer(() -> home);

    static Stream<Arguments> brokenRequests() {
        String get = "GET /health HTTP/1.1\r\nHost: localhost\r\n";
        String post = "POST /register HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
        return Stream.of(
                broken("garbage", "c4n4ry, how are you?\r\n\r\n"),
                broken("one word", "C4N4RY\r\n\r\n"),
                broken("a blank before the method", " GET /health HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                broken("a method that is no token", "C4N@RY /health HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                broken("HTTP/0.9", "GET /c4n4ry\r\n\r\n"),
                broken("HTTP/3.7", "GET /health HTTP/3.7\r\nHost: localhost\r\n\r\n"),
                broken("HTTP/2 without negotiation", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
                broken("TLS", "\u0016\u0003\u0001\u0000\u0005\u0001\u0000\u0000\u0001\u0000"),
                broken("no Host", "GET /health HTTP/1.1\r\n\r\n"),
                broken("two Hosts", get + "Host: c4n4ry\r\n\r\n"),
                broken("a Host that is none", "GET /health HTTP/1.1\r\nHost: c4n4ry c4n4ry\r\n\r\n"),
                broken(
                        "a URI with a password",
                        "GET http://c4n4ry:c4n4ry@localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                broken("a URI that is a query", "OPTIONS ?c4n4ry HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                broken("a URI that is a query, HTTP/2's method", "PRI ?c4n4ry HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                broken("a URI that is a scheme", "OPTIONS c4n4ry: HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                broken("a URI of JavaScript", "PRI javascript: HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                broken("a URI without a host", "OPTIONS http: HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                broken("a tunnel", "CONNECT c4n4ry:443 HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                broken("a star", "GET * HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                broken("a double slash", "GET //c4n4ry HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                broken("an encoded slash", "GET /c4n4ry%2fhealth HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                broken("an encoded dot", "GET /c4n4ry/%2e%2e/health HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                broken("a dot with a parameter", "GET /c4n4ry/..;/health HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                broken("out of the root", "GET /../../c4n4ry HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                broken("an encoded NUL", "GET /c4n4ry%00 HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                broken("an encoding that is none", "GET /c4n4ry%zz HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                broken("a path that is no UTF-8", "GET /c4n4ry%ff HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                broken("a backslash", "GET /c4n4ry\\health HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                broken("a NUL in a header", get + "X: c4n4ry\u0000\r\n\r\n"),
                broken("a folded header", get + "X: c4n4ry\r\n c4n4ry\r\n\r\n"),
                broken("a blank before the colon", get + "X : c4n4ry\r\n\r\n"),
                broken("a header without a name", get + ": c4n4ry\r\n\r\n"),
                broken("a header without a colon", get + "c4n4ry\r\n\r\n"),
                broken("a header with a control character", get + "X: c4n4ry\u0001\r\n\r\n"),
                broken("a carriage return alone", get + "X: c4n4ry\rY: c4n4ry\r\n\r\n"),
                broken("an expectation of no kind", get + "Expect: c4n4ry\r\n\r\n"),
                broken("a length with a plus", post + "Content-Length: +15\r\n\r\n{\"id\":\"c4n4ry\"}"),
                broken("a list of lengths", post + "Content-Length: 15, 15\r\n\r\n{\"id\":\"c4n4ry\"}"),
                broken("an empty length", post + "Content-Length:\r\n\r\n{\"id\":\"c4n4ry\"}"),
                broken("a negative length", post + "Content-Length: -1\r\n\r\n{\"id\":\"c4n4ry\"}"),
                broken("a length that is no number", post + "Content-Length: c4n4ry\r\n\r\n{\"id\":\"c4n4ry\"}"),
                broken("a length beyond a long", post + "Content-Length: 99999999999999999999\r\n\r\n"),
                broken("two lengths", post + "Content-Length: 15\r\nContent-Length: 16\r\n\r\n{\"id\":\"c4n4ry\"}"),
                broken(
                        "a length and chunks",
                        post
                                + "Content-Length: 15\r\nTransfer-Encoding: chunked\r\n\r\nf\r\n{\"id\":\"c4n4ry\"}\r\n0\r\n\r\n"),
                broken("a coding that is none", post + "Transfer-Encoding: c4n4ry\r\n\r\n{\"id\":\"c4n4ry\"}"),
                broken(
                        "a chunk's size that is none",
                        post + "Transfer-Encoding: chunked\r\n\r\nc4n4ry\r\n{}\r\n0\r\n\r\n"),
                broken(
                        "a chunk longer than its size",
                        post + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}c4n4ry\r\n0\r\n\r\n"),
                broken(
                        "a chunk's size that ends in a line feed",
                        post + "Transfer-Encoding: chunked\r\n\r\n2\n{}\r\n0\r\n\r\n"),
                broken(
                        "a trailer that is none",
                        post + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nc4n4ry\r\n\r\n"),
                tooLarge("a URI", "GET /" + "c4n4ry".repeat(2_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                tooLarge("a query", "GET /health?" + "c4n4ry".repeat(2_000) + " HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                tooLarge("a header", get + "X: " + "c4n4ry".repeat(2_000) + "\r\n\r\n"),
                tooLarge("a header's name", get + "c4n4ry".repeat(2_000) + ": x\r\n\r\n"),
                tooLarge("many headers", get + "X: c4n4ry\r\n".repeat(2_000) + "\r\n"));
    }

    static Stream<Arguments> brokenGets() {
        return brokenRequests().filter(broken -> ((String) broken.get()[0]).startsWith("GET "));
    }

    private static Arguments broken(String what, String request) {
        return argumentSet(what, request, 400, "malformed-request");
    }

    private static Arguments tooLarge(String what, String request) {
        return argumentSet(what + " too large", request, 431, "headers-too-large");
    }

    @ParameterizedTest
    @MethodSource("brokenRequests")
    void whatJettyRefusesIsAProblemToo(String request, int status, String word) throws IOException {
        for (int port : ports()) {
            try (Connection connection = new Connection(port)) {
                Answer answer = connection.exchange(Connection.bytes(request));

                // on the other port a POST has no such path, where its body alone is broken
                if (port == server.registerPort() || answer.status() != 404) {
                    assertRefused(status, word, answer);
                }
                assertStaysOpenUnlessItSaysOtherwise(answer, connection);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("brokenGets")
    void aRefusalOfHeadHasNoBody(String request, int status) throws IOException {
        for (int port : ports()) {
            try (Connection connection = new Connection(port)) {
                connection.send(Connection.bytes(request.replaceFirst("GET ", "HEAD ")));
                Answer answer = connection.receiveWithoutBody();

                assertEquals(status, answer.status());
                assertEquals(Optional.of("application/problem+json"), answer.header("Content-Type"));
                assertNotEquals(Optional.of("0"), answer.header("Content-Length"));
                assertStaysOpenUnlessItSaysOtherwise(answer, connection);
            }
        }
    }

    @Test
    void aRefusalOfHeadHasNoBodyAlsoWhereItsMethodComesInPieces() throws IOException {
        for (String request : List.of("H|EAD /%zz HTTP/1.1\r\n\r\n", "\r\n|HEA|D| |no HTTP\r\n")) {
            try (Connection connection = new Connection(server.registerPort())) {
                for (String piece : request.split("\\|")) {
                    connection.send(Connection.bytes(piece));
                    server.service().postRegister(""); // a round trip: the piece is read by now
                }

                String all = connection.receiveToTheEnd();

                assertTrue(all.startsWith("HTTP/1.1 400 ") && all.indexOf("\r\n\r\n") == all.length() - 4, all);
            }
        }
    }

    private static int[] ports() {
        return new int[] {server.registerPort(), server.messagePort()};
    }

    private static void assertStaysOpenUnlessItSaysOtherwise(Answer answer, Connection connection) throws IOException {
        if (answer.header("Connection").isPresent()) {
            assertEquals(Optional.of("close"), answer.header("Connection"));
            assertEquals("", connection.receiveToTheEnd());
        } else {
            assertEquals(
                    200, connection.exchange(Connection.request("GET /health")).status());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"GET", "HEAD", "POST", "PUT", "OPTIONS", "BREW"})
    void aPathOfTheOtherPortIsRefusedWithThePortThatHasIt(String method) throws IOException {
        assertNamesTheOtherPort(method, "/message", server.registerPort(), server.messagePort());
        assertNamesTheOtherPort(method, "/register", server.messagePort(), server.registerPort());
    }

    private static void assertNamesTheOtherPort(String method, String path, int port, int other) throws IOException {
        try (Connection connection = new Connection(port)) {
            connection.send(Connection.request(method + " " + path));
            if (method.equals("HEAD")) {
                assertEquals(404, connection.receiveWithoutBody().status());
            } else {
                Answer answer = connection.receive();
                assertRefused(404, "not-found", answer);
                assertTrue(answer.member("detail").contains(String.valueOf(other)), answer::text);
            }
            Answer nowhere = connection.exchange(Connection.request("GET " + path + "s"));
            assertRefused(404, "not-found", nowhere);
            assertEquals("There is no such path on this port.", nowhere.member("detail"));
        }
    }

    @Test
    void aRequestForAllOfTheServerIsRefused() throws IOException {
        for (int port : ports()) {
            try (Connection connection = new Connection(port)) {
                assertRefused(404, "not-found", connection.exchange(Connection.request("OPTIONS *")));
            }
        }
    }

    @Test
    void aDefectOfOursIsAnInternalErrorThatTellsNothingOfItself() throws IOException {
        Map<String, HttpServlet> broken = Map.of("/register", new Broken());
        try (HttpServer faulty = new HttpServer(
                new ServerThreads(),
                Limits.defaults(),
                List.of(new Listener("register", "127.0.0.1", 0, Optional.empty(), broken, false)))) {
            faulty.start();
            try (Connection connection = new Connection(faulty.port("register"))) {
                assertRefused(500, "internal-error", connection.exchange(Connection.post("/register", "{}")));
            }
        }
    }

    static Stream<Arguments> contentTypes() {
        return Stream.of(
                argumentSet("none", "X: c4n4ry", 415),
                argumentSet("an empty one", "Content-Type:", 415),
                contentType("application/json", 201),
                contentType("Application/JSON", 201),
                contentType("application/json;charset=utf-8", 201),
                contentType("application/json; charset=UTF-8", 201),
                contentType("application/json ; Charset=\"Utf-8\"", 201),
                contentType("application/json;charset=latin-1", 415),
                contentType("application/json;charset=iso-8859-1", 415),
                contentType("application/json;charset=utf-16", 415),
                contentType("application/json;charset=c4n4ry", 415),
                contentType("application/json;charset=\"utf-8", 415),
                contentType("application/json;", 201),
                contentType("application/json ; ; version=\"a;charset=utf-16\\\"\"", 201),
                contentType("application/json;Charset=windows-1252", 415),
                contentType("application/json; CHARSET=\"utf-16\"", 415),
                contentType("application/json;charset=utf-8;charset=utf-8", 415),
                contentType("application/json;charset=utf-8;charset=utf-16", 415),
                contentType(";application/json", 415),
                contentType("application/json;c4n4ry", 415),
                contentType("application/json;c4n4ry=", 415),
                contentType("application/json;=c4n4ry", 415),
                contentType("application/json;charset = utf-8", 415),
                contentType("application/json;charset=\"utf-8\" c4n4ry", 415),
                contentType("application/json" + ";".repeat(7_000), 201),
                contentType("application/json;x=\"" + "\\x".repeat(3_500) + "\"", 201),
                contentType("application/json\r\nContent-Type: application/json", 415),
                contentType("application/json\r\nContent-Type: text/c4n4ry", 415),
                contentType("text/c4n4ry\r\nContent-Type: application/json", 415),
                contentType("application/json\r\nContent-Type:", 415),
                contentType("application/json;charset=", 415),
                contentType("application/json;charset", 415),
                contentType("application/x-www-form-urlencoded", 415),
                contentType("multipart/form-data; boundary=c4n4ry", 415),
                contentType("text/plainly", 415),
                contentType("text/json", 415),
                contentType("application/problem+json", 415),
                contentType("application/jsonp", 415),
                contentType("application/json, text/c4n4ry", 415),
                contentType("application/*", 415),
                contentType("c4n4ry", 415));
    }

    private static Arguments contentType(String value, int status) {
        String name = value.replace("\r\n", " / ");
        return argumentSet(name.substring(0, Math.min(80, name.length())), "Content-Type: " + value, status);
    }

    @ParameterizedTest
    @MethodSource("contentTypes")
    void onlyJsonInUtf8IsTaken(String header, int status) throws IOException {
        String id = "type-" + System.nanoTime();
        String code = server.service().register(id + "-sender");
        for (Answer answer : List.of(
                post(server.registerPort(), "/register", header, Json.registration(id)),
                post(server.messagePort(), "/message", header, Json.message(id + "-sender", code, "hello")))) {
            if (status == 201) {
                assertEquals(201, answer.status(), answer::text);
            } else {
                assertRefused(415, "unsupported-media-type", answer);
                assertEquals(Optional.empty(), answer.header("Accept-Encoding")); // RFC 9110, 12.5.3
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"gzip", "br, gzip", "c4n4ry", "identity", ""})
    void aBodyWithAContentEncodingIsRefusedThoughItMayBePlain(String encoding) throws IOException {
        String header = "Content-Type: application/json\r\nContent-Encoding: " + encoding;
        String id = "encoded-" + System.nanoTime();
        String code = server.service().register(id);
        for (Answer answer : List.of(
                post(server.registerPort(), "/register", header, Json.registration(id + "-other")),
                post(server.messagePort(), "/message", header, Json.message(id, code, id)))) {
            assertRefused(415, "unsupported-media-type", answer);
            assertEquals(Optional.of("identity"), answer.header("Accept-Encoding"));
        }
        assertTrue(server.log().stream().noneMatch(logged -> logged.id().equals(id)));
        assertEquals(
                201,
                server.service().postRegister(Json.registration(id + "-other")).status());
    }

    private static Answer post(int port, String path, String headers, String json) throws IOException {
        byte[] body = json.getBytes(UTF_8);
        try (Connection connection = new Connection(port)) {
            return connection.exchange(
                    Connection.request("POST " + path, headers + "\r\nContent-Length: " + body.length, body));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"with its length", "chunked"})
    void aBodyOf64KibibytesIsTakenOnBothPorts(String how) throws IOException {
        String id = "largest-" + how.replace(' ', '-');
        Answer registered = exchange(server.registerPort(), "/register", how, registration(id, MAX_BODY_BYTES));
        assertEquals(201, registered.status(), registered::text);

        String code = registered.member("code");
        String text = "m".repeat(MAX_BODY_BYTES - Json.message(id, code, "").length());
        Answer sent = exchange(server.messagePort(), "/message", how, Json.message(id, code, text));

        assertEquals(201, sent.status(), sent::text);
        assertTrue(server.log().stream().anyMatch(logged -> logged.message().equals(text)));
    }

    @ParameterizedTest
    @ValueSource(strings = {"with its length", "chunked"})
    void aBodyOfOneByteMoreIsRefusedOnBothPorts(String how) throws IOException {
        String tooLarge = registration("c4n4ry", MAX_BODY_BYTES + 1);

        assertRefused(413, "body-too-large", exchange(server.registerPort(), "/register", how, tooLarge));
        assertRefused(413, "body-too-large", exchange(server.messagePort(), "/message", how, tooLarge));
    }

    private static String registration(String id, int bytes) {
        String rest = "{\"id\":\"" + id + "\",\"ignored\":\"\"}";
        return rest.replace("\"\"", '"' + "x".repeat(bytes - rest.length()) + '"');
    }

    private static Answer exchange(int port, String path, String how, String json) throws IOException {
        byte[] body = json.getBytes(UTF_8);
        try (Connection connection = new Connection(port)) {
            return connection.exchange(
                    how.equals("chunked")
                            ? Connection.request(
                                    "POST " + path,
                                    "Content-Type: application/json\r\nTransfer-Encoding: chunked",
                                    chunked(body, 10_000))
                            : Connection.post(path, body));
        }
    }

    private static byte[] chunked(byte[] body, int chunkBytes) {
        ByteArrayOutputStream chunks = new ByteArrayOutputStream();
        for (int from = 0; from < body.length; from += chunkBytes) {
            int length = Math.min(chunkBytes, body.length - from);
            chunks.writeBytes(Connection.bytes(Integer.toHexString(length) + "\r\n"));
            chunks.write(body, from, length);
            chunks.writeBytes(Connection.bytes("\r\n"));
        }
        chunks.writeBytes(Connection.bytes("0\r\n\r\n"));
        return chunks.toByteArray();
    }

    @Test
    void aLengthThatIsTooLargeIsRefusedBeforeAnyOfTheBodyIsSent() throws IOException {
        try (Connection connection = new Connection(server.messagePort())) {
            Answer answer = connection.exchange(Connection.request(
                    "POST /message", "Content-Type: application/json\r\nContent-Length: 65537", new byte[0]));

            assertRefused(413, "body-too-large", answer);
        }
    }

    @Test
    void chunksThatAreTooLargeAreRefusedBeforeTheirEnd() throws IOException {
        try (Connection connection = new Connection(server.messagePort())) {
            connection.send(Connection.request(
                    "POST /message",
                    "Content-Type: application/json\r\nTransfer-Encoding: chunked",
                    Connection.bytes("100000\r\n" + " ".repeat(MAX_BODY_BYTES + 1))));

            assertRefused(413, "body-too-large", connection.receive());
        }
    }

    /** More than the sockets' buffers hold: a server that stops reading would reset the connection under the answer. */
    @Test
    void aClientThatSendsAllItsChunksAllTheSameSeesItsRefusal() throws IOException {
        byte[] much = " ".repeat(8 * 1024 * 1024).getBytes(UTF_8);
        try (Connection connection = new Connection(server.messagePort())) {
            connection.send(Connection.request(
                    "POST /message",
                    "Content-Type: application/json\r\nTransfer-Encoding: chunked",
                    chunked(much, 50_000)));

            assertRefused(413, "body-too-large", connection.receive());
        }
    }

    @Test
    void aClientThatAsksFirstIsToldToGoOn() throws IOException {
        byte[] json = Json.registration("polite").getBytes(UTF_8);
        try (Connection connection = new Connection(server.registerPort())) {
            Answer first = connection.exchange(Connection.request(
                    "POST /register",
                    "Content-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: " + json.length,
                    new byte[0]));
            assertEquals(100, first.status());

            assertEquals(201, connection.exchange(json).status());
        }
    }

    @ParameterizedTest
    @CsvSource({"application/json, 65537, 413, body-too-large", "text/plain,       15,    415, unsupported-media-type"})
    void aClientThatAsksFirstIsRefusedWithoutItsBody(String contentType, int length, int status, String word)
            throws IOException {
        try (Connection connection = new Connection(server.registerPort())) {
            Answer answer = connection.exchange(Connection.request(
                    "POST /register",
                    "Expect: 100-continue\r\nContent-Type: " + contentType + "\r\nContent-Length: " + length,
                    new byte[0]));

            assertRefused(status, word, answer);
        }
    }

    @Test
    void pipelinedRequestsAreAnsweredInTheirOrder() throws IOException {
        ByteArrayOutputStream requests = new ByteArrayOutputStream();
        for (int i = 0; i < 20; i++) {
            requests.writeBytes(Connection.post("/register", Json.registration("pipelined-" + i)));
            requests.writeBytes(Connection.post("/register", "no JSON"));
        }
        try (Connection connection = new Connection(server.registerPort())) {
            connection.send(requests.toByteArray());

            for (int i = 0; i < 20; i++) {
                assertEquals("pipelined-" + i, connection.receive().member("id"));
                assertRefused(400, "malformed-request", connection.receive());
            }
        }
    }

    @Test
    void aRefusalLeavesTheConnectionOpenForTheNextRequest() throws IOException {
        try (Connection connection = new Connection(server.registerPort())) {
            byte[] json = Json.registration("persistent").getBytes(UTF_8);
            String headers = "Content-Length: " + json.length;
            assertEquals(
                    415,
                    connection
                            .exchange(Connection.request("POST /register", headers, json))
                            .status());
            assertEquals(
                    405,
                    connection
                            .exchange(Connection.request("PUT /register", headers, json))
                            .status());
            assertEquals(
                    404,
                    connection
                            .exchange(Connection.request("POST /c4n4ry", headers, json))
                            .status());
            assertEquals(
                    405,
                    connection
                            .exchange(Connection.request("POST /health", headers, json))
                            .status());

            assertEquals(
                    201, connection.exchange(Connection.post("/register", json)).status());
            assertEquals(
                    409, connection.exchange(Connection.post("/register", json)).status());
        }
    }

    @Test
    void aBodyThatArrivesByteByByteIsTaken() throws IOException {
        byte[] request = Connection.post("/register", Json.registration("dribbling"));
        try (Connection connection = new Connection(server.registerPort())) {
            for (byte b : request) {
                connection.send(b);
            }

            assertEquals("dribbling", connection.receive().member("id"));
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"HTTP/1.0", "HTTP/1.1\r\nHost: localhost\r\nConnection: close"})
    void aClientThatWantsNoMoreIsAnsweredAndLeft(String versionAndHeaders) throws IOException {
        try (Connection connection = new Connection(server.registerPort())) {
            connection.send(Connection.bytes("GET /health " + versionAndHeaders + "\r\n\r\n"));

            String all = connection.receiveToTheEnd();

            assertTrue(all.startsWith("HTTP/1.1 200 ") && all.endsWith("{\"status\":\"UP\"}"), all);
        }
    }

    @Test
    void aBodyThatIsCutOffLeavesNothingBehind() throws IOException {
        String code = server.service().register("cut-off");
        byte[] request = Connection.post("/message", Json.message("cut-off", code, "never whole") + " ");
        int headersEnd = new String(request, UTF_8).indexOf("{");
        for (int end : IntStream.of(headersEnd, headersEnd + 1, request.length - 2, request.length - 1)
                .toArray()) {
            try (Connection connection = new Connection(server.messagePort())) {
                connection.send(request, 0, end);
                connection.endOfSending();

                assertRefused(400, "malformed-request", connection.receive());
            }
            try (Connection connection = new Connection(server.messagePort())) {
                connection.send(request, 0, end); // and gone, without a word
            }
        }

        assertEquals(201, server.service().send("cut-off", code, "whole").status());
        assertEquals(
                1,
                server.log().stream()
                        .filter(logged -> logged.id().equals("cut-off"))
                        .count());
    }
}
