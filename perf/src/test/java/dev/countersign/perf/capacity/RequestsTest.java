package dev.countersign.perf.capacity;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class RequestsTest {
    private static final Workload MESSAGES = Workload.messages(64, 1);

    @Test
    void aMessageCarriesItsClientAndATextOfTheLengthAskedFor() {
        JsonObject body =
                body(Requests.messages(MESSAGES, List.of(new Credential("alice", "secret")), new SplittableRandom(1)));

        assertEquals("alice", body.get("id").getAsString());
        assertEquals("secret", body.get("code").getAsString());
        assertEquals(64, body.get("message").getAsString().length());
    }

    @Test
    void aMessageIsFromOneOfTheClientsWithItsOwnCode() {
        List<Credential> clients =
                List.of(new Credential("alice", "1"), new Credential("barry", "2"), new Credential("carol", "3"));
        Supplier<ByteBuffer> messages = Requests.messages(MESSAGES, clients, new SplittableRandom(1));

        Set<Credential> senders = Stream.generate(() -> body(messages))
                .limit(100)
                .map(body -> new Credential(
                        body.get("id").getAsString(), body.get("code").getAsString()))
                .collect(Collectors.toSet());

        assertEquals(Set.copyOf(clients), senders);
    }

    @Test
    void aRequestCarriesAsManyTextsAsAskedFor() {
        JsonArray texts = body(Requests.messages(
                        MESSAGES.carrying(100, false), List.of(new Credential("a", "b")), new SplittableRandom(1)))
                .getAsJsonArray("messages");

        assertEquals(100, texts.size());
        assertEquals(64, texts.get(99).getAsString().length());
    }

    @Test
    void eachRequestHasAKeyOfItsOwn() {
        SplittableRandom random = new SplittableRandom(1);
        List<Credential> clients = List.of(new Credential("alice", "secret"));
        for (Supplier<ByteBuffer> requests : List.of(
                Requests.messages(MESSAGES.carrying(1, true), clients, random), Requests.registrations(true, random))) {
            String first = key(requests);

            assertEquals(first, UUID.fromString(first).toString());
            assertNotEquals(first, key(requests));
            body(requests);
        }
    }

    @Test
    void aPlainTextCarriesItsClientInTheHeaderOfBasicCredentials() {
        Workload plain = MESSAGES.asPlainText();
        Supplier<ByteBuffer> messages =
                Requests.messages(plain, List.of(new Credential("alice", "secret")), new SplittableRandom(1));
        String request = UTF_8.decode(messages.get()).toString();

        assertTrue(request.contains("\r\nAuthorization: Basic YWxpY2U6c2VjcmV0\r\n"), request);
        assertTrue(request.contains("\r\nContent-Type: text/plain\r\n"), request);
        assertTrue(request.endsWith("\r\nContent-Length: 64\r\n\r\n" + "m".repeat(64)), request);
    }

    @Test
    void redisGetsACommandForEachText() {
        String request = UTF_8.decode(
                        Requests.xadds(Workload.other(Workload.XADD).carrying(3, false), new SplittableRandom(1))
                                .get())
                .toString();
        String begin = "*7\r\n$4\r\nXADD\r\n$8\r\nmessages\r\n$1\r\n*\r\n$2\r\nid\r\n$36\r\n";

        assertEquals(3, (request.length() - request.replace(begin, "").length()) / begin.length());
        assertTrue(request.endsWith("$7\r\nmessage\r\n$64\r\n" + "m".repeat(64) + "\r\n"), request);
    }

    @Test
    void postgresGetsASessionAndThenAnInsertOfAllTexts() {
        Supplier<ByteBuffer> requests =
                Requests.inserts(Workload.other(Workload.INSERT).carrying(2, false), new SplittableRandom(1));
        ByteBuffer session = requests.get();
        assertEquals(session.remaining(), session.getInt());
        assertEquals(196_608, session.getInt());

        for (int i = 0; i < 2; i++) {
            ByteBuffer insert = requests.get();
            assertEquals('Q', insert.get());
            assertEquals(insert.remaining(), insert.getInt());
            String sql = UTF_8.decode(insert).toString();
            assertTrue(
                    sql.matches("INSERT INTO message \\(id, message\\) VALUES (,?\\('[0-9a-f-]{36}','m{64}'\\)){2}\0"),
                    sql);
        }
    }

    @Test
    void everyRegistrationIsOfANewId() {
        Supplier<ByteBuffer> registrations = Requests.registrations(false, new SplittableRandom(1));
        String first = body(registrations).get("id").getAsString();
        String second = body(registrations).get("id").getAsString();

        assertNotEquals(first, second);
        assertEquals(first, UUID.fromString(first).toString());
    }

    @Test
    void theAnnouncedLengthIsInAsciiDigitsWhateverTheLocale() {
        Locale before = Locale.getDefault();
        Locale.setDefault(Locale.forLanguageTag("ar-EG-u-nu-arab"));
        try {
            String request = UTF_8.decode(Requests.registrations(false, new SplittableRandom(1))
                            .get())
                    .toString();

            assertTrue(request.contains("Content-Length: 45\r\n"), request);
        } finally {
            Locale.setDefault(before);
        }
    }

    private static String key(Supplier<ByteBuffer> requests) {
        String request = UTF_8.decode(requests.get()).toString();
        return request.lines()
                .filter(line -> line.startsWith("Idempotency-Key: "))
                .map(line -> line.substring(17))
                .findFirst()
                .orElseThrow();
    }

    /** The body, after a look at its announced length. */
    private static JsonObject body(Supplier<ByteBuffer> requests) {
        String[] parts = UTF_8.decode(requests.get()).toString().split("\r\n\r\n");
        assertEquals(
                1,
                parts[0].lines()
                        .filter(("Content-Length: " + parts[1].length())::equals)
                        .count());
        return JsonParser.parseString(parts[1]).getAsJsonObject();
    }
}
