package dev.countersign.perf;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.countersign.core.CodeGenerator;
import dev.countersign.core.Home;
import dev.countersign.core.Sync;
import dev.countersign.core.store.Store;
import dev.countersign.perf.capacity.Credential;
import java.io.IOException;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Fills the home folder of a server that doesn't run with registrations: straight into the table that the server made,
 * in one transaction, because a million through the server's own store take five times as long.
 */
final class Seed {
    private static final int BATCH = 10_000;

    private Seed() {}

    /**
     * Registers {@code count} clients, random UUIDs in random order.
     *
     * @throws IOException if the table can't be written
     */
    static List<Credential> registrations(Path home, int count) throws IOException {
        Path database = makeDatabase(home);
        CodeGenerator codes = new CodeGenerator(new SecureRandom());
        List<Credential> clients = Stream.generate(() -> UUID.randomUUID().toString())
                .limit(count)
                .map(id -> new Credential(id, codes.next().value()))
                .toList();
        try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + database)) {
            connection.createStatement().execute("PRAGMA cache_size = -500000"); // 500 MB: all of it
            connection.setAutoCommit(false);
            insert(connection, clients);
            connection.commit();
            return clients;
        } catch (SQLException e) {
            throw new IOException("can't fill " + database, e);
        }
    }

    private static Path makeDatabase(Path home) throws IOException {
        try (Store store =
                Store.open(Home.open(home), TemporaryStore.settings(Sync.OS), Runnable::run, Runnable::run)) {
            return store.home().database();
        }
    }

    private static void insert(Connection connection, List<Credential> clients) throws SQLException {
        MessageDigest digest = sha256();
        try (PreparedStatement insert =
                connection.prepareStatement("INSERT INTO registration (id, code_sha256) VALUES (?, ?)")) {
            for (int i = 0; i < clients.size(); i++) {
                insert.setString(1, clients.get(i).id());
                insert.setBytes(2, digest.digest(clients.get(i).code().getBytes(UTF_8)));
                insert.addBatch();
                if ((i + 1) % BATCH == 0) {
                    insert.executeBatch();
                }
            }
            insert.executeBatch();
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError("every Java platform has SHA-256", e);
        }
    }
}
