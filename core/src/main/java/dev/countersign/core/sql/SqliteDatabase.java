package dev.countersign.core.sql;

import static java.nio.file.StandardCopyOption.ATOMIC_MOVE;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static java.nio.file.StandardOpenOption.WRITE;
import static java.util.stream.Collectors.toSet;

import dev.countersign.core.ClientId;
import dev.countersign.core.Home;
import dev.countersign.core.Past;
import dev.countersign.core.Registration;
import dev.countersign.core.StartupException;
import dev.countersign.core.Sync;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;
import org.sqlite.SQLiteJDBCLoader;
import org.sqlite.util.LibraryLoaderUtil;

/**
 * Opens and tunes SQLite: one handle writes, another one reads and never waits for the writer.
 *
 * <p>Each handle is for one thread at a time. Transactions that {@link #write} committed survive a killed process, and
 * with {@link Sync#ALWAYS} a power cut.
 */
public final class SqliteDatabase implements Database {

    private static final Logger log = LoggerFactory.getLogger(SqliteDatabase.class);
    private static final String LIBRARY_FOLDER = "org.sqlite.tmpdir";
    private static final long LONG_TO_COPY_BYTES = 64 * 1024 * 1024; // about a second
    private static final int SCHEMA_VERSION = 2;

    /** The columns that version 2 added; null in rows that they don't apply to. */
    private static final List<String> NEW_COLUMNS = List.of(
            // the registration's Idempotency-Key and time
            "key_sha256 BLOB",
            "registered_millis INTEGER",
            // rotation: the code that replaces code_sha256 at its first use
            "next_code_sha256 BLOB",
            // revocation: since when no code is accepted
            "revoked_millis INTEGER",
            // reserved for servers that share a table; SQLite's PRAGMA data_version makes it unnecessary
            "changed_micros INTEGER");

    /** The same table as SCHEMA_VERSION; in addition, messages have a journal. */
    private static final int JOURNAL_VERSION = 3;

    /** For new files. Compared in turns, 1,024 gave 0.93 to 0.95 times the registrations a second, 8,192 the same. */
    private static final int PAGE_BYTES = 4096;

    /**
     * When the write-ahead log reaches this size, a checkpoint copies it into the table. The larger it is, the more
     * changed rows share the copy of a page. Compared in turns on 300,000 rows, a quarter of this size took 1.25 times
     * the CPU time. A checkpoint on another thread and connection, beside the commits, gave 0.90 to 0.97 times the
     * registrations a second, and 1.4 times the p99.
     */
    private static final int WAL_BYTES = 64 * 1024 * 1024;

    /**
     * Native memory for pages. A batch of 1,000 registrations changes about 1,000 pages, 4 MB. They don't fit into
     * SQLite's default of 2 MB: then pages are written to the write-ahead log before the commit, read again, and
     * written twice.
     */
    private static final int CACHE_BYTES = 16 * 1024 * 1024;

    final Handle writer;
    final Handle reader;
    private final Jdbi readers;
    private final List<OpenedFile> files;
    private final int versionFound;
    private String changesSeen;

    private SqliteDatabase(Path file, Sync sync) throws IOException {
        writer = jdbi(file, false).open();
        try {
            tune(writer, sync);
            versionFound = migrate(writer, file);
            files = List.of(
                    OpenedFile.of(file),
                    OpenedFile.of(file.resolveSibling(file.getFileName() + "-wal")),
                    OpenedFile.of(file.resolveSibling(file.getFileName() + "-shm")));
            changesSeen = pragma(writer, "data_version");
            readers = jdbi(file, true);
            reader = readers.open();
        } catch (RuntimeException | IOException e) {
            writer.close();
            throw e;
        }
    }

    /** @throws StartupException if the file is not a Countersign database, or one of a newer version */
    public static SqliteDatabase open(Path file, Sync sync) {
        try {
            Home.createFile(file);
            loadLibrary(file.resolveSibling("native"));
            return new SqliteDatabase(file, sync);
        } catch (JdbiException | IOException e) {
            throw new StartupException(
                    "can't open the database " + file + ": " + Home.reason(Database.cause(e))
                            + ". Free disk space, repair or restore the file, or choose another folder with --home.",
                    e);
        }
    }

    @Override
    public Past past() {
        if (versionFound == 0) {
            return Past.NEW;
        }
        return versionFound < JOURNAL_VERSION ? Past.BEFORE_JOURNALS : Past.LOST_JOURNAL;
    }

    /** Called before anything is written. A later start that finds no journal then knows that it was lost. */
    @Override
    public void noteJournal() {
        if (versionFound != JOURNAL_VERSION) {
            writer.execute("PRAGMA user_version = " + JOURNAL_VERSION);
        }
    }

    @Override
    public <R> R write(HandleCallback<R, RuntimeException> work, BiPredicate<Handle, R> isStored) throws IOException {
        return writer.<R, IOException>inTransaction(handle -> {
            R result = work.withHandle(handle);
            requireFilesInPlace();
            return result;
        });
    }

    @Override
    public <R> R read(HandleCallback<R, RuntimeException> work) {
        return work.withHandle(reader);
    }

    @Override
    public <R> R readApart(HandleCallback<R, RuntimeException> work) {
        return readers.withHandle(work);
    }

    @Override
    public String idsOfJson() {
        return "SELECT value FROM json_each(?)";
    }

    @Override
    public Set<String> insert(Handle handle, List<Registration> registrations, long nowMillis) {
        try (PreparedBatch batch =
                handle.prepareBatch("INSERT INTO registration (id, code_sha256, key_sha256, registered_millis)"
                        + " VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING")) {
            for (Registration each : registrations) {
                batch.bind(0, each.id().value())
                        .bind(1, each.codeSha256())
                        .bind(2, each.keySha256().orElse(null))
                        .bind(3, nowMillis)
                        .add();
            }
            int[] rows = batch.execute();
            return IntStream.range(0, rows.length)
                    .filter(i -> rows[i] == 1)
                    .mapToObj(i -> registrations.get(i).id().value())
                    .collect(toSet());
        }
    }

    /** Rewrites the schema version, the smallest possible write. */
    @Override
    public void probe() throws IOException {
        requireFilesInPlace();
        writer.useTransaction(handle -> handle.execute("PRAGMA user_version = " + pragma(handle, "user_version")));
    }

    /**
     * Throws if one of SQLite's files was removed or replaced: SQLite would continue to write to a file that the next
     * start does not find. A file that is put back works again; a copy of it does not, because SQLite doesn't write to
     * it.
     */
    private void requireFilesInPlace() throws IOException {
        for (OpenedFile each : files) {
            each.requireInPlace();
        }
    }

    /**
     * SQLite tells that another process has committed something, but not what: PRAGMA data_version then changes
     * (sqlite.org/pragma.html).
     */
    @Override
    public Optional<Set<ClientId>> foreignChanges() throws IOException {
        requireFilesInPlace();
        String before = changesSeen;
        changesSeen = pragma(writer, "data_version");
        return changesSeen.equals(before) ? Optional.of(Set.of()) : Optional.empty();
    }

    @Override
    public void close() {
        try (writer) {
            reader.close();
        } // the last handle to be closed makes a checkpoint and removes the write-ahead log
    }

    private static Jdbi jdbi(Path file, boolean readOnly) {
        SQLiteConfig config = new SQLiteConfig();
        config.setBusyTimeout(5_000);
        config.setReadOnly(readOnly);
        SQLiteDataSource source = new SQLiteDataSource(config);
        source.setUrl("jdbc:sqlite:" + file);
        Jdbi jdbi = Database.jdbi(source);
        jdbi.setTransactionHandler(new ImmediateTransactions());
        return jdbi;
    }

    /** Uses SQL, because SQLiteConfig sets the journal mode first, and after that a page size has no effect. */
    static void tune(Handle writer, Sync sync) {
        writer.execute("PRAGMA page_size = " + PAGE_BYTES); // for a new file; an existing file keeps its page size
        set(writer, "journal_mode", "wal");
        // 2 (FULL) flushes the write-ahead log at each commit, 1 (NORMAL) at checkpoints only: sqlite.org/pragma.html
        set(writer, "synchronous", sync == Sync.ALWAYS ? "2" : "1");
        int pageBytes = Integer.parseInt(pragma(writer, "page_size"));
        writer.execute("PRAGMA wal_autocheckpoint = " + WAL_BYTES / pageBytes);
        // a reader that holds a snapshot makes the log grow: when the reader has ended, the file shrinks to this size
        writer.execute("PRAGMA journal_size_limit = " + WAL_BYTES);
        writer.execute("PRAGMA cache_size = -" + CACHE_BYTES / 1024);
    }

    private static void set(Handle handle, String pragma, String value) {
        handle.execute("PRAGMA " + pragma + " = " + value);
        String actual = pragma(handle, pragma);
        if (!actual.equals(value)) { // some file systems can't share the memory that a write-ahead log needs
            throw new StartupException("SQLite's " + pragma + " is " + actual + " instead of " + value
                    + "; a power cut could lose acknowledged data. Choose a folder on a local disk with --home.");
        }
    }

    private static String pragma(Handle handle, String name) {
        return handle.createQuery("PRAGMA " + name).mapTo(String.class).one();
    }

    /** Upgrades the schema in one transaction; returns the version that it had. */
    private static int migrate(Handle handle, Path file) throws IOException {
        int version = Integer.parseInt(pragma(handle, "user_version")); // 0 in a new file
        if (version > JOURNAL_VERSION) {
            throw new StartupException("the database " + file + " has schema version " + version
                    + ", written by a newer Countersign; this one knows " + JOURNAL_VERSION
                    + ". Start the newer one, or choose another folder with --home.");
        }
        if (version >= SCHEMA_VERSION) {
            return version;
        }
        if (version > 0) {
            keepCopy(handle, file, version);
        }
        handle.useTransaction(transaction -> {
            if (version == 0) {
                // WITHOUT ROWID: the table is the index of its key, so a row takes one page write instead of two
                transaction.execute("CREATE TABLE registration ("
                        + "id TEXT NOT NULL PRIMARY KEY, code_sha256 BLOB NOT NULL) STRICT, WITHOUT ROWID");
            }
            NEW_COLUMNS.forEach(column -> transaction.execute("ALTER TABLE registration ADD COLUMN " + column));
            transaction.execute("PRAGMA user_version = " + SCHEMA_VERSION);
        });
        return version;
    }

    /**
     * Copies the database to a file next to it, for a way back to the version that wrote it. Replaces an existing copy,
     * which comes from an interrupted upgrade or one that was rolled back.
     */
    private static void keepCopy(Handle handle, Path file, int version) throws IOException {
        Path copy = file.resolveSibling(file.getFileName() + ".version-" + version);
        if (Files.size(file) > LONG_TO_COPY_BYTES) {
            log.warn("copying the database, {} MB, before it is upgraded", Files.size(file) >> 20);
        }
        copy(handle, copy);
        log.info("the database is upgraded from schema version {}; a copy of it as it was is {}", version, copy);
    }

    /**
     * Copies a database that a server may be using.
     *
     * @throws StartupException if there is no database
     * @throws IOException if the database can't be read, or the copy can't be written
     */
    public static void copy(Path file, Path copy) throws IOException {
        if (!Files.exists(file)) {
            throw new StartupException("there is no database " + file
                    + ". If the server keeps registrations in PostgreSQL, give its --database here, too.");
        }
        loadLibrary(copy.resolveSibling("native"));
        try (Handle handle = jdbi(file, true).open()) {
            copy(handle, copy);
        } catch (JdbiException e) {
            throw new IOException("can't copy the database " + file + ": " + e.getMessage(), e);
        }
    }

    /** The copy gets its name only when it is complete and on disk; an existing copy is replaced. */
    private static void copy(Handle handle, Path copy) throws IOException {
        Path unfinished = copy.resolveSibling(copy.getFileName() + ".new");
        Files.deleteIfExists(unfinished);
        Home.createFile(unfinished); // SQLite uses an empty file that exists: so only its owner can read it
        handle.execute("VACUUM INTO ?", unfinished.toString());
        try (FileChannel channel = FileChannel.open(unfinished, WRITE)) {
            channel.force(true); // VACUUM INTO does not: sqlite.org/lang_vacuum.html
        }
        Files.move(unfinished, copy, ATOMIC_MOVE);
        Home.flushFolder(copy.getParent());
    }

    /**
     * Loads SQLite's library from the home. If that fails (the home is mounted noexec, or full), loads it from the
     * temporary folder.
     */
    private static void loadLibrary(Path folder) {
        if (System.getProperty(LIBRARY_FOLDER) != null) {
            return; // the user has chosen a folder
        }
        try {
            unpackLibrary(folder);
        } catch (IOException e) {
            try {
                unpackLibrary(Files.createTempDirectory("countersign"));
            } catch (IOException again) {
                again.addSuppressed(e);
                throw new StartupException(
                        "can't load SQLite's library from " + folder + ": " + e.getMessage()
                                + ", nor from the temporary folder: " + again.getMessage()
                                + ". Free disk space, or name a folder that isn't mounted noexec with -D"
                                + LIBRARY_FOLDER + "=FOLDER.",
                        again);
            }
        }
    }

    /**
     * By itself, sqlite-jdbc unpacks its native library where anyone can read it and, when killed, leaves it there.
     * Here it goes to a folder of its own, which is removed when the library is loaded. If a start is killed before
     * that, the next start removes the folder.
     */
    private static void unpackLibrary(Path folder) throws IOException {
        Files.createDirectories(folder);
        System.setProperty(LIBRARY_FOLDER, folder.toString());
        try {
            SQLiteJDBCLoader.initialize();
        } catch (Exception e) { // initialize() declares it
            throw new IOException(reasonAgainst(folder).orElse(e.getMessage()), e);
        } finally {
            System.clearProperty(LIBRARY_FOLDER);
            try (Stream<Path> files = Files.list(folder)) {
                files.map(Path::toFile).forEach(File::delete);
            }
            folder.toFile().delete(); // Windows can't delete a loaded library: then the next start does
        }
    }

    /** Why the library can't be loaded from the folder. sqlite-jdbc doesn't say, so this tries the same. */
    private static Optional<String> reasonAgainst(Path folder) {
        String name = LibraryLoaderUtil.getNativeLibName();
        Path file = folder.resolve(name);
        try (InputStream library =
                SQLiteJDBCLoader.class.getResourceAsStream(LibraryLoaderUtil.getNativeLibResourcePath() + "/" + name)) {
            if (library != null) { // there is one for this kind of machine
                Files.copy(library, file, REPLACE_EXISTING);
                System.load(file.toString());
            }
            return Optional.empty();
        } catch (IOException | UnsatisfiedLinkError e) {
            return Optional.of(Home.reason(e));
        }
    }
}
