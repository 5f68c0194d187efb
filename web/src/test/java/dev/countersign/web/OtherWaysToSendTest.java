package dev.countersign.web;

import static dev.countersign.web.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Basic credentials in place of {@code id} and {@code code}, and plain text in place of JSON. */
final class OtherWaysToSendTest {

    private static final String PLAIN = "Content-Type: text/plain";
    private static final String JSON = "Content-Type: application/json";

    @TempDir
    static Path home;

    @RegisterExtension
    static final RunningServer server = new RunningServer(() -> home);

    private static int ids;

    @ParameterizedTest
    @ValueSource(
            strings = {
                "any text",
                "",
                "{\"message\":\"this is text\"}",
                "two\r\nlines\n",
                "\ufeffa mark, \u0000, \ud83d\ude00 and \u202e"
            })
    void aPlainTextIsTheMessageWhateverIsInIt(String text) throws IOException {
        String id = newId();

        Answer answer = send(basic(id, server.service().register(id)) + "\r\n" + PLAIN, text);

        assertEquals(201, answer.status(), answer::text);
        assertEquals(List.of(text), loggedBy(id));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain; charset=utf-8",
                "TEXT/Plain;charset=\"UTF-8\"",
                "text/plain;format=flowed",
            })
    void aPlainTextMayNameItsCharset(String type) throws IOException {
        String id = newId();

        Answer answer = send(basic(id, server.service().register(id)) + "\r\nContent-Type: " + type, "hello");

        assertEquals(201, answer.status(), answer::text);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "text/plain;charset=iso-8859-1",
                "text/plainly",
                "text/html",
                "text/plain\r\nContent-Type: text/plain",
                "application/json, text/plain"
            })
    void anyOtherTypeIsRefused(String type) throws IOException {
        String id = newId();

        Answer answer = send(basic(id, server.service().register(id)) + "\r\nContent-Type: " + type, "hello");

        assertRefused(415, "unsupported-media-type", answer);
        assertEquals(List.of(), loggedBy(id));
    }

    @ParameterizedTest
    @ValueSource(strings = {PLAIN, PLAIN + "\r\nAuthorization: Bearer abc"})
    void aPlainTextWithoutBasicCredentialsIsToldThatTheyAreMissing(String headers) throws IOException {
        Answer answer = send(headers, "hello");

        assertRefused(401, "credentials-missing", answer);
        assertEquals(
                "Basic realm=\"countersign\", charset=\"UTF-8\"",
                answer.header("WWW-Authenticate").orElseThrow());
    }

    @Test
    void bytesThatAreNotUtf8AreMalformed() throws IOException {
        String id = newId();
        String headers = basic(id, server.service().register(id)) + "\r\n" + PLAIN;

        assertRefused(400, "malformed-request", send(headers, new byte[] {'a', (byte) 0xff}));
        assertEquals(List.of(), loggedBy(id));
    }

    @Test
    void basicCredentialsStandInPlaceOfTheMembers() throws IOException {
        String id = newId();
        String headers = basic(id, server.service().register(id)) + "\r\n" + JSON;

        assertEquals(201, send(headers, "{\"message\":\"one\"}").status());
        assertEquals(
                201,
                send(headers.replace("Basic", "bAsIc"), "{\"messages\":[\"two\",\"three\"]}")
                        .status());
        assertEquals(List.of("one", "two", "three"), loggedBy(id));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{\"id\":\"ID\",\"code\":\"CODE\",\"message\":\"hello\"}",
                "{\"id\":\"ID\",\"message\":\"hello\"}",
                "{\"code\":\"CODE\",\"message\":\"hello\"}"
            })
    void bothAtOnceAreMalformed(String json) throws IOException {
        String id = newId();
        String code = server.service().register(id);

        Answer answer =
                send(basic(id, code) + "\r\n" + JSON, json.replace("ID", id).replace("CODE", code));

        assertRefused(400, "malformed-request", answer);
        assertEquals(List.of(), loggedBy(id));
    }

    @Test
    void membersGoOnCountingBesideAHeaderOfAnotherScheme() throws IOException {
        String id = newId();
        String json = Json.message(id, server.service().register(id), "hello");

        assertEquals(201, send("Authorization: Bearer abc\r\n" + JSON, json).status());
    }

    @Test
    void whatIsNoIdOrNoBase64IsAWrongCode() throws IOException {
        String id = newId();
        String code = server.service().register(id);
        String wrong = send(basic(id, "A".repeat(24)) + "\r\n" + PLAIN, "hello").text();
        List<String> others = List.of(
                basic("nobody", code),
                basic("no id", code),
                basic("", code),
                basic(id, code + "\n"),
                basic(id, ""),
                "Authorization: Basic " + Base64.getEncoder().encodeToString(id.getBytes(UTF_8)),
                "Authorization: Basic " + Base64.getEncoder().encodeToString(new byte[] {(byte) 0xff, ':', 'x'}),
                "Authorization: Basic ",
                "Authorization: Basic *",
                "Authorization: Basic \u00fc");

        for (String each : others) {
            Answer answer = send(each + "\r\n" + PLAIN, "hello");
            assertRefused(403, "wrong-code", answer);
            assertEquals(wrong, answer.text(), each);
        }
        assertEquals(List.of(), loggedBy(id));
    }

    @Test
    void twoHeadersAreMalformed() throws IOException {
        String id = newId();
        String header = basic(id, server.service().register(id));

        assertRefused(400, "malformed-request", send(header + "\r\n" + header + "\r\n" + PLAIN, "hello"));
    }

    @Test
    void aKeyCountsForPlainTextToo() throws IOException {
        String id = newId();
        String headers = basic(id, server.service().register(id)) + "\r\n" + PLAIN + "\r\nIdempotency-Key: k";

        Answer first = send(headers, "hello");
        Answer second = send(headers, "hello");

        assertEquals(201, first.status(), first::text);
        assertEquals(200, second.status(), second::text);
        assertEquals(first.text(), second.text());
        assertRefused(422, "key-reused", send(headers, "another"));
        assertEquals(List.of("hello"), loggedBy(id));
    }

    @Test
    void aPlainTextIsNoRegistration() throws IOException {
        try (Connection connection = new Connection(server.registerPort())) {
            Answer answer = connection.exchange(
                    Connection.request("POST /register", PLAIN + "\r\nContent-Length: 2", "hi".getBytes(UTF_8)));
            assertRefused(415, "unsupported-media-type", answer);
        }
    }

    private static String newId() {
        return "sender-" + ++ids;
    }

    private static String basic(String id, String code) {
        return "Authorization: Basic " + Base64.getEncoder().encodeToString((id + ':' + code).getBytes(UTF_8));
    }

    private static Answer send(String headers, String body) throws IOException {
        return send(headers, body.getBytes(UTF_8));
    }

    private static Answer send(String headers, byte[] body) throws IOException {
        try (Connection connection = new Connection(server.messagePort())) {
            return connection.exchange(
                    Connection.request("POST /message", headers + "\r\nContent-Length: " + body.length, body));
        }
    }

    private static List<String> loggedBy(String id) throws IOException {
        return LoggedMessage.readAll(home).stream()
                .filter(each -> each.id().equals(id))
                .map(LoggedMessage::message)
                .toList();
    }
}
