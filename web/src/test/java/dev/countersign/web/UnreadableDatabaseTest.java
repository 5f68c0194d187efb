package dev.countersign.web;

import static dev.countersign.web.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.Statement;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A database whose registrations can't be read for a while. */
final class UnreadableDatabaseTest {

    @TempDir
    static Path home;

    @RegisterExtension
    static final RunningServer server = new RunningServer(() -> home);

    @Test
    void aMessageIsRefusedUntilItCanBeReadAgain() throws Exception {
        assertRefused(403, "wrong-code", server.service().send("nobody", "guessed", "hi"));
        String url = "jdbc:sqlite:" + home.resolve("data/countersign.db");
        try (Connection database = DriverManager.getConnection(url);
                Statement statement = database.createStatement()) {
            statement.execute("ALTER TABLE registration RENAME TO elsewhere");

            assertRefused(503, "unavailable", server.service().send("nobody", "guessed", "hi"));
            assertRefused(503, "unavailable", server.service().send("nobody", "guessed", "hi"));

            statement.execute("ALTER TABLE elsewhere RENAME TO registration");
        }

        assertRefused(403, "wrong-code", server.service().send("nobody", "guessed", "hi"));
        assertEquals(
                201,
                server.service()
                        .send("alice", server.service().register("alice"), "hi")
                        .status());
    }
}
