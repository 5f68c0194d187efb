package dev.countersign.web;

import static dev.countersign.web.Refusals.CANARY;
import static dev.countersign.web.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rows of the wire contract that a well-behaved client sees. */
final class ContractTest {

    @TempDir
    static Path home;

    @RegisterExtension
    static final RunningServer server = new RunningServer(() -> home);

    @Test
    void registeringAnswersTheIdAndItsCodeWhichNoCacheKeeps() throws IOException {
        Answer answer = server.service().postRegister("{\"id\":\"alice\"}");

        assertEquals(201, answer.status());
        assertEquals(Optional.of("application/json"), answer.header("Content-Type"));
        assertEquals(Optional.of("no-store"), answer.header("Cache-Control"));
        assertEquals(List.of("id", "code"), List.copyOf(answer.json().propertyNames()));
        assertEquals("alice", answer.member("id"));
        assertTrue(answer.member("code").matches("[A-Za-z0-9_-]{22,}"), "128 bits need 22 characters of 6 bits");
    }

    @Test
    void codesAreOfOneLengthAndNoneIsGivenTwice() throws IOException {
        String one = server.service().register("one-of-two");
        String other = server.service().register("other-of-two");

        assertEquals(one.length(), other.length());
        assertNotEquals(one, other);
    }

    @Test
    void aMessageAnswersItsReceiptAndTimeAsTheLogHasThem() throws IOException {
        String code = server.service().register("bob");

        Answer answer = server.service().send("bob", code, "any text");

        assertEquals(201, answer.status());
        assertEquals(Optional.of("application/json"), answer.header("Content-Type"));
        assertEquals(List.of("receipt", "time"), List.copyOf(answer.json().propertyNames()));
        LoggedMessage logged = new LoggedMessage(answer.member("receipt"), answer.member("time"), "bob", "any text");
        assertTrue(server.log().contains(logged), () -> "not in the log: " + logged);
    }

    @Test
    void theTimeIsWhenItWasWrittenInUtcAndMicroseconds() throws IOException {
        String code = server.service().register("punctual");
        Instant before = Instant.now().minusMillis(1);

        String time =
                server.service().send("punctual", code, "what time is it?").member("time");

        assertTrue(time.matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z"), time);
        Duration sinceBefore = Duration.between(before, Instant.parse(time));
        assertTrue(!sinceBefore.isNegative() && sinceBefore.toSeconds() < 60, time);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"a", "A-Z.a_z-0.9", "-", "..", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
            })
    void anIdIsOneTo64OfItsAlphabet(String id) throws IOException {
        Answer answer = server.service().postRegister(Json.registration(id));

        assertEquals(201, answer.status(), answer::text);
        assertEquals(id, answer.member("id"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "c4n4ry with blanks",
                "c4n4ry/../data",
                "c4n4ry\n",
                "c4n4ry\u0000",
                "c4n4r\u00fd",
                "c4n4ry\ud83d\ude00",
                "c4n4ry@example.org",
                "c4n4ry-0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
            })
    void anIdOutsideItsAlphabetOrLengthIsRefusedOnBothPorts(String id) throws IOException {
        assertRefused(400, "invalid-id", server.service().postRegister(Json.registration(id)));
        assertRefused(400, "invalid-id", server.service().send(id, "code", "text"));
    }

    @Test
    void anIdThatIsTakenIsRefusedAndItsFirstCodeStaysTheOnlyOne() throws IOException {
        String code = server.service().register("first-come");

        Answer second =
                server.service().postRegister("{\"id\":\"first-come\",\"code\":\"" + CANARY + "\",\"force\":true}");

        assertRefused(409, "id-taken", second);
        assertEquals(201, server.service().send("first-come", code, "still me").status());
        assertRefused(403, "wrong-code", server.service().send("first-come", CANARY, "not me"));
    }

    @Test
    void idsDifferInCase() throws IOException {
        assertNotEquals(server.service().register("Case"), server.service().register("case"));
    }

    @ParameterizedTest(name = "{0} {1} on the {2} port: {3} {4}")
    @CsvSource({
        "POST, /message,           register, 404,",
        "POST, /register,          message,  404,",
        "GET,  /message,           register, 404,",
        "GET,  /register,          message,  404,",
        "GET,  /,                  register, 404,",
        "POST, /,                  message,  404,",
        "BREW, /c4n4ry,            message,  404,",
        "GET,  /c4n4ry/register,   register, 404,",
        "POST, /register/,         register, 404,",
        "POST, /register/c4n4ry,   register, 404,",
        "POST, /Register,          register, 404,",
        "POST, /message.json,      message,  404,",
        "GET,  /healthy,           register, 404,",
        "GET,  /health/,           message,  404,",
        "GET,  /register,          register, 405, POST",
        "PUT,  /register,          register, 405, POST",
        "OPTIONS, /register,       register, 405, POST",
        "GET,  /register?c4n4ry=1, register, 405, POST",
        "GET,  /message,           message,  405, POST",
        "DELETE, /message,         message,  405, POST",
        "PATCH, /message,          message,  405, POST",
        "TRACE, /message,          message,  405, POST",
        "C4N4RY, /message,         message,  405, POST",
        "post, /message,           message,  405, POST",
        "POST, /health,            register, 405, 'GET, HEAD'",
        "POST, /health,            message,  405, 'GET, HEAD'",
        "PUT,  /health,            register, 405, 'GET, HEAD'",
        "OPTIONS, /health,         message,  405, 'GET, HEAD'",
        "TRACE, /health,           register, 405, 'GET, HEAD'",
        "C4N4RY, /health,          message,  405, 'GET, HEAD'",
    })
    void aPathIsOnItsOwnPortOnlyAndTakesItsOwnMethodsOnly(
            String method, String path, String port, int status, String allow) throws IOException {
        try (Connection connection =
                new Connection(port.equals("register") ? server.registerPort() : server.messagePort())) {
            Answer answer = connection.exchange(Connection.request(
                    method + " " + path,
                    "Content-Type: application/json\r\nContent-Length: 15",
                    Connection.bytes("{\"id\":\"c4n4ry\"}")));

            assertRefused(status, status == 404 ? "not-found" : "method-not-allowed", answer);
            assertEquals(Optional.ofNullable(allow), answer.header("Allow"));
        }
    }

    @ParameterizedTest(name = "HEAD {0} on the register port: {1}")
    @CsvSource({"/health, 200", "/register, 405", "/c4n4ry, 404"})
    void headAnswersTheHeadersOfTheWholeAnswerAndNoBody(String path, int status) throws IOException {
        try (Connection connection = new Connection(server.registerPort())) {
            connection.send(Connection.request("GET " + path));
            Answer whole = connection.receive();

            connection.send(Connection.request("HEAD " + path));
            Answer head = connection.receiveWithoutBody();

            assertEquals(status, head.status());
            assertEquals(whole.header("Content-Type"), head.header("Content-Type"));
            assertEquals(Optional.of(String.valueOf(whole.body().length)), head.header("Content-Length"));
            assertEquals(
                    whole.text(),
                    connection.exchange(Connection.request("GET " + path)).text(),
                    "nothing stood between the two answers");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"register", "message"})
    void healthIsUpOnBothPorts(String port) throws IOException {
        Answer answer = Service.get(port.equals("register") ? server.registerPort() : server.messagePort(), "/health");

        assertEquals(200, answer.status());
        assertEquals(Optional.of("application/json"), answer.header("Content-Type"));
        assertEquals("{\"status\":\"UP\"}", answer.text());
    }

    @Test
    void aWrongCodeLeavesTheLogUntouched() throws IOException {
        String code = server.service().register("careful");
        List<LoggedMessage> before = server.log();

        for (String wrong : List.of("", CANARY, code + " ", code.substring(1), "x".repeat(60_000))) {
            assertRefused(403, "wrong-code", server.service().send("careful", wrong, CANARY));
        }

        assertEquals(before, server.log());
    }

    @Test
    void anUnknownIdAndAWrongCodeAreAnsweredAlikeByteForByte() throws IOException {
        String code = server.service().register("known");
        String wrong = "A".repeat(code.length());

        String forWrongCode = rawAnswer(Json.message("known", wrong, "hello"));
        String forUnknownId = rawAnswer(Json.message("nobody", wrong, "hello"));
        String forCodeOfAnother = rawAnswer(Json.message("nobody", code, "hello"));

        assertTrue(forWrongCode.startsWith("HTTP/1.1 403 "), forWrongCode);
        assertEquals(forWrongCode, forUnknownId);
        assertEquals(forWrongCode, forCodeOfAnother);
    }

    /** All that came over the wire but for the line that says when. */
    private static String rawAnswer(String json) throws IOException {
        try (Connection connection = new Connection(server.messagePort())) {
            connection.send(Connection.post("/message", json));
            connection.endOfSending();
            return connection.receiveToTheEnd().replaceFirst("Date: [^\r]*\r\n", "");
        }
    }

    @Test
    void aBrowsersCrossOriginQuestionIsNotAnsweredWithAPermission() throws IOException {
        Answer answer = Service.exchange(Service.request(server.registerPort(), "/register")
                .header("Origin", "http://c4n4ry.example")
                .header("Access-Control-Request-Method", "POST")
                .method("OPTIONS", BodyPublishers.noBody()));

        assertRefused(405, "method-not-allowed", answer);
        assertTrue(answer.header("Access-Control-Allow-Origin").isEmpty());
    }
}
