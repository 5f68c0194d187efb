package dev.countersign.perf.capacity;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.countersign.perf.server.Credential;
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

    @Test
    void aMessageCarriesItsClientAndATextOfTheLengthAskedFor() {
        JsonObject body =
                body(Requests.messages(List.of(new Credential("alice", "secret")), 64, new SplittableRandom(1)));

        assertEquals("alice", body.get("id").getAsString());
        assertEquals("secret", body.get("code").getAsString());
        assertEquals(64, body.get("message").getAsString().length());
    }

    @Test
    void aMessageIsFromOneOfTheClientsWithItsOwnCode() {
        List<Credential> clients =
                List.of(new Credential("alice", "1"), new Credential("barry", "2"), new Credential("carol", "3"));
        Supplier<ByteBuffer> messages = Requests.messages(clients, 1, new SplittableRandom(1));

        Set<Credential> senders = Stream.generate(() -> body(messages))
                .limit(100)
                .map(body -> new Credential(
                        body.get("id").getAsString(), body.get("code").getAsString()))
                .collect(Collectors.toSet());

        assertEquals(Set.copyOf(clients), senders);
    }

    @Test
    void everyRegistrationIsOfANewId() {
        Supplier<ByteBuffer> registrations = Requests.registrations(new SplittableRandom(1));
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
            String request = UTF_8.decode(
                            Requests.registrations(new SplittableRandom(1)).get())
                    .toString();

            assertTrue(request.contains("Content-Length: 45\r\n"), request);
        } finally {
            Locale.setDefault(before);
        }
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
