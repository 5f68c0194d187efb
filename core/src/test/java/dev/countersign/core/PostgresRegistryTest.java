package dev.countersign.core;

import dev.countersign.core.sql.Database;
import dev.countersign.core.sql.PostgresDatabase;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import org.junit.jupiter.api.Tag;

@Tag("cluster")
class PostgresRegistryTest extends RegistryTest {

    private final DatabaseSettings settings;

    PostgresRegistryTest() throws SQLException {
        settings = Postgres.newDatabase();
    }

    @Override
    Database openDatabase() {
        return PostgresDatabase.open(settings);
    }

    @Override
    Connection connect() throws SQLException {
        return Postgres.connect(settings);
    }

    @Override
    void holdWriters(Connection connection) throws SQLException {
        execute(connection, "BEGIN");
        execute(connection, "LOCK TABLE registration IN SHARE MODE");
    }

    @Override
    void refuseBob(Connection connection) throws SQLException {
        execute(
                connection,
                "CREATE FUNCTION no_bob() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE ''disk full''; END'");
        execute(
                connection,
                "CREATE TRIGGER no_bob BEFORE INSERT ON registration"
                        + " FOR EACH ROW WHEN (NEW.id = 'bob') EXECUTE FUNCTION no_bob()");
    }

    @Override
    void takeBob(Connection connection) throws SQLException {
        execute(connection, "DROP FUNCTION no_bob CASCADE");
    }

    @Override
    Path storage() {
        return Postgres.dataFolder();
    }
}
