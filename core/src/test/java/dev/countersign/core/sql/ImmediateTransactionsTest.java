package dev.countersign.core.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.countersign.core.Sync;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ImmediateTransactionsTest {

    @TempDir
    Path folder;

    private SqliteDatabase database;
    private Handle handle;

    @BeforeEach
    void open() {
        database = SqliteDatabase.open(folder.resolve("countersign.db"), Sync.OS);
        handle = database.writer;
    }

    @AfterEach
    void close() {
        database.close();
    }

    @Test
    void whatThrowsIsRolledBackAndTheNextCommits() {
        assertThrows(
                SQLException.class,
                () -> handle.useTransaction(transaction -> {
                    add(transaction, "first");
                    throw new SQLException("after the row");
                }));
        assertEquals(0, rows());
        handle.useTransaction(transaction -> add(transaction, "second"));
        assertEquals(1, rows());
    }

    @Test
    void theWriteLockIsTakenAtTheBeginning() throws Exception {
        try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("countersign.db"));
                Statement statement = other.createStatement()) {
            handle.useTransaction(transaction -> {
                statement.execute("PRAGMA busy_timeout = 0");
                assertThrows(SQLException.class, () -> statement.execute("BEGIN IMMEDIATE"));
            });
        }
    }

    @Test
    void aTransactionThatDidNotBeginLeavesNothingOpen() throws Exception {
        handle.execute("PRAGMA busy_timeout = 0");
        try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + folder.resolve("countersign.db"));
                Statement statement = other.createStatement()) {
            statement.execute("BEGIN IMMEDIATE");
            assertThrows(JdbiException.class, () -> handle.useTransaction(transaction -> add(transaction, "first")));
            statement.execute("ROLLBACK");
        }
        handle.useTransaction(transaction -> add(transaction, "second"));
        assertEquals(1, rows());
    }

    private static void add(Handle transaction, String id) {
        transaction.execute("INSERT INTO registration (id, code_sha256) VALUES (?, x'00')", id);
    }

    private int rows() {
        return database.reader
                .createQuery("SELECT count(*) FROM registration")
                .mapTo(Integer.class)
                .one();
    }
}
