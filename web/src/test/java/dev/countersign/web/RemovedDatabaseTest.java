package dev.countersign.web;

import static dev.countersign.web.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A database that somebody moves away while the server runs, and puts back. */
final class RemovedDatabaseTest {

    @TempDir
    static Path home;

    @RegisterExtension
    static final RunningServer server = new RunningServer(() -> home);

    @Test
    void nothingIsRegisteredAndHealthIsDownUntilItIsPutBack() throws Exception {
        Path database = home.resolve("data/countersign.db");
        Path away = home.resolve("away.db");
        Files.move(database, away);

        assertRefused(503, "unavailable", server.service().postRegister(Json.registration("alice")));
        assertEquals(503, health());

        Files.move(away, database);
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(10);
        while (health() == 503) {
            assertTrue(System.nanoTime() < deadline, "still down");
        }
        assertEquals(
                201,
                server.service()
                        .send("alice", server.service().register("alice"), "hi")
                        .status());
    }

    private static int health() throws IOException {
        return Service.get(server.service().registerPort(), "/health").status();
    }
}
