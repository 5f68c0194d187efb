package dev.countersign.core;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

/** A real PostgreSQL, started when the first test asks for it, and gone with the tests' JVM. */
final class Postgres {

    private static final String USER = "postgres";
    private static final EmbeddedPostgres SERVER = start();
    private static final AtomicInteger DATABASES = new AtomicInteger();

    private Postgres() {}

    private static EmbeddedPostgres start() {
        try {
            return EmbeddedPostgres.builder()
                    .setServerConfig("synchronous_commit", "off") // the server asks for more by itself
                    .start();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** A new one, empty. */
    static DatabaseSettings newDatabase() throws SQLException {
        String name = "test_" + DATABASES.incrementAndGet();
        try (Connection connection = SERVER.getPostgresDatabase().getConnection()) {
            RegistryTest.execute(connection, "CREATE DATABASE " + name);
        }
        return at(port(), name);
    }

    /** The same database by another port, that of a proxy. */
    static DatabaseSettings at(int port, DatabaseSettings settings) {
        return at(port, settings.url().replaceFirst(".*/", ""));
    }

    private static DatabaseSettings at(int port, String name) {
        return new DatabaseSettings(
                "jdbc:postgresql://127.0.0.1:" + port + "/" + name, USER, "a-password", Duration.ofMinutes(1));
    }

    static Connection connect(DatabaseSettings settings) throws SQLException {
        return SERVER.getDatabase(USER, settings.url().replaceFirst(".*/", "")).getConnection();
    }

    /** Where PostgreSQL has its tables and its write-ahead log. */
    static Path dataFolder() {
        try (Connection connection = SERVER.getPostgresDatabase().getConnection();
                ResultSet row = connection.createStatement().executeQuery("SHOW data_directory")) {
            row.next();
            return Path.of(row.getString(1));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    static int port() {
        return SERVER.getPort();
    }
}
