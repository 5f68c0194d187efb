package dev.countersign.web;

import dev.countersign.core.DatabaseSettings;
import dev.countersign.core.StoreSettings;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The engines that the suites run against: those in the home or, with {@code -Dengines=cluster}, a real PostgreSQL, where
 * each home has a database of its own.
 */
final class Engines {

    private static final boolean CLUSTER = "cluster".equals(System.getProperty("engines"));
    private static final Map<Path, DatabaseSettings> DATABASES = new ConcurrentHashMap<>();

    private Engines() {}

    static StoreSettings of(Path home, StoreSettings settings) {
        return CLUSTER ? settings.withDatabase(database(home)) : settings;
    }

    /** The same for a server's process. */
    static Map<String, String> environment(Path home) {
        if (!CLUSTER) {
            return Map.of();
        }
        DatabaseSettings database = database(home);
        return Map.of(
                "COUNTERSIGN_DATABASE", database.url(),
                "COUNTERSIGN_DATABASE_USER", database.user(),
                "COUNTERSIGN_DATABASE_PASSWORD", database.password());
    }

    /** To the registrations of a home, as another process. */
    static Connection connect(Path home) throws SQLException {
        return CLUSTER
                ? DriverManager.getConnection(
                        database(home).url(), database(home).user(), "")
                : DriverManager.getConnection("jdbc:sqlite:" + home.resolve("data/countersign.db"));
    }

    private static DatabaseSettings database(Path home) {
        return DATABASES.computeIfAbsent(home, path -> Postgres.database("test_" + (DATABASES.size() + 1)));
    }

    /** Started when it is first asked for, and gone with the tests' JVM. */
    private static final class Postgres {

        private static final EmbeddedPostgres SERVER = start();

        private static EmbeddedPostgres start() {
            try {
                return EmbeddedPostgres.start();
            } catch (IOException e) {
                throw new IllegalStateException("PostgreSQL did not start", e);
            }
        }

        static DatabaseSettings database(String name) {
            try (Connection connection = SERVER.getPostgresDatabase().getConnection();
                    var statement = connection.createStatement()) {
                statement.execute("CREATE DATABASE " + name);
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
            return new DatabaseSettings(
                    "jdbc:postgresql://127.0.0.1:" + SERVER.getPort() + "/" + name,
                    "postgres",
                    "a-password",
                    DatabaseSettings.defaults().staleCodes());
        }
    }
}
