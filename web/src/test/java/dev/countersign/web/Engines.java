package dev.countersign.web;

import static org.junit.jupiter.api.Assumptions.assumeFalse;

import dev.countersign.core.DatabaseSettings;
import dev.countersign.core.LogRange;
import dev.countersign.core.LogReader;
import dev.countersign.core.StoreSettings;
import dev.countersign.core.TopicSettings;
import dev.countersign.core.store.Store;
import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The engines that the suites run against: those in the home; with {@code -Dengines=postgres} a real PostgreSQL, where
 * each home has a database of its own; with {@code -Dengines=cluster} also a real Kafka, where each has a topic.
 */
final class Engines {

    private static final String ENGINES = System.getProperty("engines", "home");
    private static final boolean IN_KAFKA = ENGINES.equals("cluster");
    private static final boolean IN_POSTGRES = IN_KAFKA || ENGINES.equals("postgres");
    private static final Map<Path, DatabaseSettings> DATABASES = new ConcurrentHashMap<>();
    private static final Map<Path, TopicSettings> TOPICS = new ConcurrentHashMap<>();

    private Engines() {}

    static StoreSettings of(Path home, StoreSettings settings) {
        return new StoreSettings(
                IN_POSTGRES ? database(home) : settings.database(),
                IN_KAFKA ? topic(home) : settings.topic(),
                settings.sync(),
                settings.queueSize(),
                settings.queueMemoryBytes(),
                settings.rememberedKeys(),
                settings.log());
    }

    /** The same for a server's process. */
    static Map<String, String> environment(Path home) {
        Map<String, String> environment = new HashMap<>();
        if (IN_POSTGRES) {
            DatabaseSettings database = database(home);
            environment.put("COUNTERSIGN_DATABASE", database.url());
            environment.put("COUNTERSIGN_DATABASE_USER", database.user());
            environment.put("COUNTERSIGN_DATABASE_PASSWORD", database.password());
        }
        if (IN_KAFKA) {
            environment.put("COUNTERSIGN_LOG", topic(home).url());
        }
        return environment;
    }

    /** Skips a test of what a topic does not promise. */
    static void assumeFiles() {
        assumeFalse(IN_KAFKA, "of files only");
    }

    static boolean areFiles() {
        return !IN_KAFKA;
    }

    /** To the registrations of a home, as another process. */
    static Connection connect(Path home) throws SQLException {
        return IN_POSTGRES
                ? DriverManager.getConnection(
                        database(home).url(), database(home).user(), "")
                : DriverManager.getConnection("jdbc:sqlite:" + home.resolve("data/countersign.db"));
    }

    /** The lines that a topic has of a home's server; empty where that writes files. */
    static Optional<String> topicText(Path home) throws IOException {
        return TOPICS.containsKey(home) ? Optional.of(text(topic(home))) : Optional.empty();
    }

    /** The lines of a topic. */
    static String text(TopicSettings topic) throws IOException {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        try (LogReader reader = Store.read(() -> Path.of("no home"), topic, LogRange.from(0))) {
            while (reader.next()) {
                reader.writeLine(lines);
            }
        }
        return lines.toString(StandardCharsets.UTF_8);
    }

    static DatabaseSettings database(Path home) {
        return DATABASES.computeIfAbsent(home, path -> Postgres.database("test_" + (DATABASES.size() + 1)));
    }

    private static TopicSettings topic(Path home) {
        return TOPICS.computeIfAbsent(
                home, path -> new TopicSettings(Kafka.BROKER.url("test-" + (TOPICS.size() + 1)), ""));
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

    /** The same. */
    private static final class Kafka {

        private static final KafkaBroker BROKER = start();

        private static KafkaBroker start() {
            try {
                return new KafkaBroker();
            } catch (IOException | InterruptedException e) {
                throw new IllegalStateException("Kafka did not start", e);
            }
        }
    }
}
