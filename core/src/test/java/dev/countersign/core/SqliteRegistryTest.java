package dev.countersign.core;

import static dev.countersign.core.Await.failure;
import static dev.countersign.core.Await.until;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.sql.Database;
import dev.countersign.core.sql.SqliteDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SqliteRegistryTest extends RegistryTest {

    @Override
    Database openDatabase() {
        return SqliteDatabase.open(file(), Sync.ALWAYS);
    }

    private Path file() {
        return folder.resolve("countersign.db");
    }

    @Override
    Connection connect() throws SQLException {
        return DriverManager.getConnection("jdbc:sqlite:" + file());
    }

    @Override
    void holdWriters(Connection connection) throws SQLException {
        execute(connection, "BEGIN IMMEDIATE");
    }

    @Override
    void refuseBob(Connection connection) throws SQLException {
        execute(
                connection,
                "CREATE TRIGGER no_bob BEFORE INSERT ON registration"
                        + " WHEN NEW.id = 'bob' BEGIN SELECT RAISE(ABORT, 'disk full'); END");
    }

    @Override
    void takeBob(Connection connection) throws SQLException {
        execute(connection, "DROP TRIGGER no_bob");
    }

    @Override
    Path storage() {
        return folder;
    }

    @ParameterizedTest
    @ValueSource(strings = {"countersign.db", "countersign.db-wal", "countersign.db-shm"})
    void nothingIsRegisteredWhileAFileOfTheDatabaseIsRemovedOrReplaced(String name) throws Exception {
        Path path = folder.resolve(name);
        Path away = folder.resolve("away");
        Files.move(path, away);
        assertInstanceOf(UnavailableException.class, failure(registry.register(ALICE)));
        assertTrue(registrations.trouble().isPresent());
        Files.copy(away, path);
        assertInstanceOf(UnavailableException.class, failure(registry.register(ALICE)));
        Files.move(away, path, REPLACE_EXISTING);
        until(() -> registrations.trouble().isEmpty());
        Code code = register(ALICE); // nobody has the id
        restart();
        assertTrue(accepts(ALICE, code));
    }

    @Test
    void aFileOfTheDatabaseThatIsRemovedIsNoticedThoughNobodyRegisters() throws Exception {
        Files.move(file(), folder.resolve("away"));
        until(() -> registrations.trouble().isPresent());
        Files.move(folder.resolve("away"), file());
        until(() -> registrations.trouble().isEmpty());
    }
}
