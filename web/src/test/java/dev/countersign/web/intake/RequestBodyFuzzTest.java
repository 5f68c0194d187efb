package dev.countersign.web.intake;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.web.FuzzGenerator;
import dev.countersign.web.Oracle;
import dev.countersign.web.OracleRequest;
import dev.countersign.web.Proof;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * {@link RequestBody} reads a body as {@link OracleRequest} does. Some thousands, or more, and others with another seed:
 *
 * <pre>mvn -pl web test -Dtest=RequestBodyFuzzTest -Dfuzz.bodies=1000000 -Dfuzz.seed=1</pre>
 */
@Timeout(value = 1, unit = TimeUnit.DAYS)
final class RequestBodyFuzzTest {

    private static final int BODIES = Integer.getInteger("fuzz.bodies", 10_000);
    private static final long SEED = Long.getLong("fuzz.seed", 1);

    @RegisterExtension
    static final Proof PROOF = new Proof(
            "HOSTILE_INPUT",
            "bodies of requests, right, wrong and mangled, to the parser alone",
            "mvn -pl web test -Dtest=RequestBodyFuzzTest -Dfuzz.bodies=" + BODIES + " -Dfuzz.seed=" + SEED);

    @Test
    void bodiesAreReadAsTheContractSays() {
        FuzzGenerator generator = new FuzzGenerator(new Random(SEED), new Oracle(Map.of()));
        int read = 0;
        for (int i = 0; i < BODIES; i++) {
            PROOF.harmed(1);
            read += isRead(generator.body().getBytes(ISO_8859_1)) ? 1 : 0;
        }
        assertTrue(read > BODIES / 4, "read: " + read);
    }

    static boolean isRead(byte[] body) {
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
