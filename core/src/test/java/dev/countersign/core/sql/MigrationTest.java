package dev.countersign.core.sql;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.Past;
import dev.countersign.core.StartupException;
import dev.countersign.core.Sync;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A database that version 0.1.0 wrote, of schema version 1, is taken over with all that it holds. */
class MigrationTest {

    private static final String REGISTRATIONS = "SELECT id || ' ' || hex(code_sha256) FROM registration";

    @TempDir
    Path folder;

    private Path file;
    private Path copy;
    private Path unfinishedCopy;

    @BeforeEach
    void name() {
        file = folder.resolve("countersign.db");
        copy = folder.resolve("countersign.db.version-1");
        unfinishedCopy = folder.resolve("countersign.db.version-1.new");
    }

    @Test
    void itsCodesStayAndItHasTheNewColumns() throws Exception {
        List<String> registrations = makeVersion1(1_000);
        try (SqliteDatabase database = SqliteDatabase.open(file, Sync.ALWAYS)) {
            assertEquals(Past.BEFORE_JOURNALS, database.past());
        }
        assertEquals(registrations, query(file, REGISTRATIONS));
        assertEquals(List.of("2"), query(file, "PRAGMA user_version")); // which version 0.1.0 refuses
        assertEquals(
                List.of(
                        "id",
                        "code_sha256",
                        "key_sha256",
                        "registered_millis",
                        "next_code_sha256",
                        "revoked_millis",
                        "changed_micros"),
                query(file, "SELECT name FROM pragma_table_info('registration')"));
        assertEquals(List.of("ok"), query(file, "PRAGMA integrity_check"));
    }

    @Test
    void aNewDatabaseHasTheSameTableAndNoCopyIsMade() throws Exception {
        try (SqliteDatabase database = SqliteDatabase.open(file, Sync.ALWAYS)) {
            assertEquals(Past.NEW, database.past());
        }
        assertFalse(Files.exists(copy));
        String schema = "SELECT sql FROM sqlite_schema";
        List<String> ofNew = query(file, schema);
        Files.delete(file);
        makeVersion1(1);
        SqliteDatabase.open(file, Sync.ALWAYS).close();
        assertEquals(ofNew, query(file, schema));
    }

    @Test
    void oneThatIsUpToDateIsLeftAsItIs() throws Exception {
        SqliteDatabase.open(file, Sync.ALWAYS).close();
        try (SqliteDatabase database = SqliteDatabase.open(file, Sync.ALWAYS)) {
            assertEquals(Past.BEFORE_JOURNALS, database.past());
        }
        assertFalse(Files.exists(copy));
    }

    @Test
    void aCopyOfItAsItWasStandsBesideForItsOwnerOnly() throws Exception {
        List<String> registrations = makeVersion1(1_000);
        SqliteDatabase.open(file, Sync.ALWAYS).close();
        assertEquals(registrations, query(copy, REGISTRATIONS));
        assertEquals(List.of("1"), query(copy, "PRAGMA user_version"));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(copy)));
        assertFalse(Files.exists(unfinishedCopy));
    }

    /** A killed server leaves its write-ahead log: here its files as they are while it runs. */
    @Test
    void whatStandsInTheWriteAheadLogOnlyIsTakenOverToo() throws Exception {
        List<String> registrations = makeVersion1(10);
        Path killed = Files.createDirectory(folder.resolve("killed")).resolve("countersign.db");
        try (Connection running = connect(file)) {
            execute(running, "INSERT INTO registration VALUES ('zoe', x'2a')");
            Files.copy(file, killed);
            Files.copy(folder.resolve("countersign.db-wal"), killed.resolveSibling("countersign.db-wal"));
        }
        SqliteDatabase.open(killed, Sync.ALWAYS).close();
        registrations.add("zoe 2A");
        assertEquals(registrations, query(killed, REGISTRATIONS));
        assertEquals(registrations, query(killed.resolveSibling(copy.getFileName()), REGISTRATIONS));
    }

    @Test
    void whatAKilledStartLeftOfTheCopyIsMadeAnew() throws Exception {
        List<String> registrations = makeVersion1(10);
        Files.writeString(unfinishedCopy, "killed while it was written");
        Files.writeString(copy, "whole, but of another day");
        SqliteDatabase.open(file, Sync.ALWAYS).close();
        assertEquals(registrations, query(copy, REGISTRATIONS));
        assertFalse(Files.exists(unfinishedCopy));
    }

    @Test
    void whereTheCopyCanNotBeMadeTheDatabaseStaysAsItIs() throws Exception {
        List<String> registrations = makeVersion1(10);
        Files.createDirectories(unfinishedCopy.resolve("in its place"));
        String refusal = assertThrows(StartupException.class, () -> SqliteDatabase.open(file, Sync.ALWAYS))
                .getMessage();
        assertTrue(refusal.contains(unfinishedCopy.toString()), refusal);
        assertEquals(List.of("1"), query(file, "PRAGMA user_version"));
        assertEquals(registrations, query(file, REGISTRATIONS));
    }

    @ParameterizedTest
    @ValueSource(strings = {"countersign.db.version-1.new", "countersign.db.version-1"})
    void aStartThatIsKilledAsSoonAsAFileAppearsIsMadeUpForByTheNext(String appears) throws Exception {
        List<String> registrations = makeVersion1(200_000);
        Process start = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--enable-native-access=ALL-UNNAMED",
                        "-XX:TieredStopAtLevel=1",
                        "-cp",
                        System.getProperty("java.class.path"),
                        Start.class.getName(),
                        file.toString())
                .inheritIO()
                .start();
        while (start.isAlive() && !Files.exists(folder.resolve(appears))) {
            Thread.onSpinWait();
        }
        start.destroyForcibly().waitFor();
        assertTrue(Files.exists(folder.resolve(appears)) || Files.exists(copy));

        SqliteDatabase.open(file, Sync.ALWAYS).close();

        assertEquals(List.of("2"), query(file, "PRAGMA user_version"));
        assertEquals(registrations, query(file, REGISTRATIONS));
        assertEquals(registrations, query(copy, REGISTRATIONS));
        assertFalse(Files.exists(unfinishedCopy));
    }

    /** What the other JVM runs. */
    static final class Start {
        public static void main(String[] arguments) {
            SqliteDatabase.open(Path.of(arguments[0]), Sync.ALWAYS).close();
        }
    }

    /** In the words of version 0.1.0; returns what it holds. */
    private List<String> makeVersion1(int registrations) throws SQLException {
        try (Connection connection = connect(file)) {
            execute(connection, "PRAGMA page_size = 4096");
            execute(connection, "PRAGMA journal_mode = wal");
            execute(
                    connection,
                    "CREATE TABLE registration ("
                            + "id TEXT NOT NULL PRIMARY KEY, code_sha256 BLOB NOT NULL) STRICT, WITHOUT ROWID");
            execute(connection, "PRAGMA user_version = 1");
            execute(
                    connection,
                    "WITH RECURSIVE counter(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < "
                            + registrations
                            + ") INSERT INTO registration SELECT format('client-%07d', n), randomblob(32) FROM counter");
        }
        return query(file, REGISTRATIONS);
    }

    private static List<String> query(Path database, String sql) throws SQLException {
        try (Connection connection = connect(database);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            List<String> values = new ArrayList<>();
            while (rows.next()) {
                values.add(rows.getString(1));
            }
            return values;
        }
    }

    private static Connection connect(Path database) throws SQLException {
        return DriverManager.getConnection("jdbc:sqlite:" + database);
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
