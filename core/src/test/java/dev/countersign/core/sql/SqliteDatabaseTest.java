package dev.countersign.core.sql;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.OpenFiles;
import dev.countersign.core.StartupException;
import dev.countersign.core.Sync;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.List;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SqliteDatabaseTest {

    private static final long WAL_BYTES = 64 * 1024 * 1024;

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("countersign.db");
    }

    @Test
    void aNewerSchemaIsRefusedWithItsVersionAndTheMend() throws Exception {
        SqliteDatabase.open(file, Sync.ALWAYS).close();
        execute("PRAGMA user_version = 99");
        assertRefused("schema version 99");
        execute("PRAGMA user_version = 2");
        SqliteDatabase.open(file, Sync.ALWAYS).close();
    }

    @Test
    void aFileThatIsNoDatabaseIsRefusedAndLeftAsItIs() throws Exception {
        byte[] content = "no database\n".repeat(1_000).getBytes();
        Files.write(file, content);
        assertRefused("not a database");
        assertArrayEquals(content, Files.readAllBytes(file));
    }

    @Test
    void anotherProgramsDatabaseIsRefused() throws Exception {
        execute("CREATE TABLE registration (name TEXT)");
        assertRefused("registration");
    }

    @Test
    void aFolderInItsPlaceIsRefused() throws Exception {
        Files.createDirectory(file);
        assertRefused("not a file");
    }

    @Test
    void aFolderThatIsMissingIsToldAsSuch() throws Exception {
        file = folder.resolve("missing/countersign.db");
        assertRefused("no such file");
    }

    /** Against sqlite.org/pragma.html: 2 is FULL, 1 is NORMAL. */
    @ParameterizedTest
    @CsvSource({"ALWAYS, 2", "OS, 1"})
    void aCommitIsFlushedWhereItIsToBeOnDisk(Sync sync, int synchronous) {
        try (SqliteDatabase database = SqliteDatabase.open(file, sync)) {
            assertEquals("wal", pragma(database, "journal_mode"));
            assertEquals(Integer.toString(synchronous), pragma(database, "synchronous"));
        }
    }

    @Test
    void aNewDatabaseHasTheIntendedPagesAndSizeOfItsWriteAheadLog() {
        try (SqliteDatabase database = SqliteDatabase.open(file, Sync.ALWAYS)) {
            assertEquals("4096", pragma(database, "page_size"));
            assertEquals(WAL_BYTES, 4096 * Long.parseLong(pragma(database, "wal_autocheckpoint")));
            assertEquals(Long.toString(WAL_BYTES), pragma(database, "journal_size_limit"));
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {512, 1024, 8192, 65536})
    void anyPageSizeIsServedAndTheWriteAheadLogIsAsLong(long pageBytes) throws Exception {
        execute("PRAGMA page_size = " + pageBytes, "CREATE TABLE other (x)");
        try (SqliteDatabase database = SqliteDatabase.open(file, Sync.ALWAYS)) {
            assertEquals(Long.toString(pageBytes), pragma(database, "page_size"));
            assertEquals(WAL_BYTES, pageBytes * Long.parseLong(pragma(database, "wal_autocheckpoint")));
        }
    }

    /** A database in memory takes no other journal mode, as a file on some network file systems doesn't. */
    @Test
    void aJournalModeThatIsNotTakenIsRefused() {
        try (Handle handle = Jdbi.create("jdbc:sqlite::memory:").open()) {
            String refusal = assertThrows(StartupException.class, () -> SqliteDatabase.tune(handle, Sync.ALWAYS))
                    .getMessage();
            assertTrue(refusal.contains("journal_mode is memory instead of wal"), refusal);
            assertTrue(refusal.contains("--home"), refusal);
        }
    }

    @Test
    void aWriteAheadLogThatAForeignReaderMadeGrowShrinksOnceItHasGone() throws Exception {
        Path log = folder.resolve("countersign.db-wal");
        try (SqliteDatabase database = SqliteDatabase.open(file, Sync.OS)) {
            try (Connection reader = connect()) {
                reader.setAutoCommit(false);
                reader.createStatement()
                        .executeQuery("SELECT * FROM registration")
                        .close();
                for (int megabyte = 0; megabyte < 80; megabyte++) {
                    writeOneMegabyte(database, "while-read-" + megabyte);
                }
                assertTrue(Files.size(log) > WAL_BYTES);
            }
            for (int commit = 0; commit < 3; commit++) {
                writeOneMegabyte(database, "after-" + commit);
            }
            assertEquals(WAL_BYTES, Files.size(log));
        }
    }

    private static void writeOneMegabyte(SqliteDatabase database, String id) {
        database.writer.execute("INSERT INTO registration (id, code_sha256) VALUES (?, zeroblob(1000000))", id);
    }

    @Test
    void whatAKilledStartLeftOfSqlitesLibraryIsTidiedUp() throws Exception {
        Path left = Files.createDirectory(folder.resolve("native"));
        Files.writeString(left.resolve("sqlite-3.0-libsqlitejdbc.so"), "killed while it unpacked");
        SqliteDatabase.open(file, Sync.ALWAYS).close();
        assertFalse(Files.exists(left));
    }

    @Test
    void closeLeavesOneFile() throws Exception {
        SqliteDatabase.open(file, Sync.ALWAYS).close();
        try (var files = Files.list(folder)) {
            assertEquals(
                    file,
                    files.reduce((one, two) -> two.resolveSibling("several")).orElseThrow());
        }
    }

    private static String pragma(SqliteDatabase database, String name) {
        return database.writer.createQuery("PRAGMA " + name).mapTo(String.class).one();
    }

    private void assertRefused(String why) throws Exception {
        String refusal = assertThrows(StartupException.class, () -> SqliteDatabase.open(file, Sync.ALWAYS))
                .getMessage();
        assertTrue(refusal.contains(why) && refusal.contains(file.toString()), refusal);
        assertTrue(refusal.contains("--home"), refusal);
        assertEquals(List.of(), OpenFiles.in(folder));
    }

    private void execute(String... statements) throws Exception {
        try (Connection connection = connect();
                var statement = connection.createStatement()) {
            for (String sql : statements) {
                statement.execute(sql);
            }
        }
    }

    private Connection connect() throws SQLException {
        return DriverManager.getConnection("jdbc:sqlite:" + file);
    }
}
