package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;

class ProofTest {

    /** The tests of perf draw the page from it. */
    private static final Path EXPECTED = Path.of("../perf/src/test/resources/report/proof/CrashTest.json");

    @Test
    void theFileHasWhatWasLostAndWhichTestsFailed(@TempDir Path folder) throws Exception {
        Proof proof = new Proof("KILL", "server killed", "mvn -pl web test -Dtest=CrashTest -Dcrash.rounds=100");
        proof.harmed(60);
        proof.lookedFor(4_000, 0, 0);
        proof.harmed(40);
        proof.lookedFor(6_000, 2, 1);
        proof.testFailed(null, null);
        Path file = folder.resolve("proof/CrashTest.json");

        proof.write(file, Instant.parse("2026-11-26T19:00:00.123Z"));

        assertEquals(Files.readString(EXPECTED), Files.readString(file));

        Proof next = new Proof("KILL", "server killed", "mvn -pl web test -Dtest=CrashTest -Dcrash.rounds=150");
        next.add(file);
        next.harmed(50);
        next.lookedFor(1_000, 0, 1);
        next.write(file, Instant.parse("2026-11-27T19:00:00Z"));

        JsonNode both = Json.parse(Files.readString(file));
        assertEquals(
                List.of(150L, 11_000L, 2L, 2L, 1L),
                Stream.of("times", "checked", "lost", "doubled", "failed")
                        .map(field -> both.required(field).longValue())
                        .toList());
    }
}
