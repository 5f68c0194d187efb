package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
    }
}
