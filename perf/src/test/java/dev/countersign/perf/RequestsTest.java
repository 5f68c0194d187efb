package dev.countersign.perf;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.countersign.perf.Requests.Credential;
import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class RequestsTest {

    @Test
    void aMessageCarriesItsClientAndATextOfTheLengthAskedFor() {
        JsonObject body = body(Requests.messages(new Credential("alice", "secret"), 64));

        assertEquals("alice", body.get("id").getAsString());
        assertEquals("secret", body.get("code").getAsString());
        assertEquals(64, body.get("message").getAsString().length());
    }

    @Test
    void everyRegistrationIsOfANewId() {
        Supplier<ByteBuffer> registrations = Requests.registrations(new SplittableRandom(1));
        String first = body(registrations).get("id").getAsString();
        String second = body(registrations).get("id").getAsString();

        assertNotEquals(first, second);
        assertEquals(first, UUID.fromString(first).toString());
    }

    /** The body, after a look at its announced length. */
    private static JsonObject body(Supplier<ByteBuffer> requests) {
        String[] parts = UTF_8.decode(requests.get()).toString().split("\r\n\r\n");
        assertEquals(1, parts[0].lines().filter(("Content-Length: " + parts[1].length())::equals).count());
        return JsonParser.parseString(parts[1]).getAsJsonObject();
    }
}
