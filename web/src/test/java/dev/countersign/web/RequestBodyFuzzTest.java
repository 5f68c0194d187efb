package dev.countersign.web;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** {@link RequestBody} reads a body as {@link OracleRequest} does. Jazzer can call it, too. */
public final class RequestBodyFuzzTest {

    private static final int BODIES = Integer.getInteger("fuzz.bodies", 10_000);

    @Test
    void bodiesAreReadAsTheContractSays() {
        FuzzGenerator generator = new FuzzGenerator(new Random(Long.getLong("fuzz.seed", 1)), new Oracle(Map.of()));
        int read = 0;
        for (int i = 0; i < BODIES; i++) {
            read += isRead(generator.body().getBytes(ISO_8859_1)) ? 1 : 0;
        }
        assertTrue(read > BODIES / 4, "read: " + read);
    }

    /** To be called by Jazzer. */
    public static void fuzzerTestOneInput(byte[] body) {
        isRead(body);
    }

    private static boolean isRead(byte[] body) {
        String head = "POST /message HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: ";
        String bytes = new String(body, ISO_8859_1);
        OracleRequest expected = OracleRequest.read("message", head + body.length + "\r\n\r\n" + bytes)
                .get(0);
        expected.faults.remove(OracleRequest.BODY_TOO_LARGE);
        try {
            NewMessages read = RequestBody.messages(body, Optional.empty());
            assertEquals(Set.of(), expected.faults, bytes);
            assertEquals(expected.texts, read.texts(), bytes);
            assertEquals(expected.isList, read.isList(), bytes);
            assertEquals(expected.id, Optional.of(read.sender().id().value()), bytes);
            assertEquals(expected.code, Optional.of(read.sender().code().value()), bytes);
            return true;
        } catch (RefusalException e) {
            String refusal = e.problem().status() + " " + e.problem().kind();
            assertTrue(expected.faults.contains(refusal), () -> refusal + " for " + bytes);
            return false;
        }
    }
}
