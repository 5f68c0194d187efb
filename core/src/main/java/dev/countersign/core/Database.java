package dev.countersign.core;

import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;

import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.sqlite.SQLiteConfig;
import org.sqlite.SQLiteDataSource;
import org.sqlite.SQLiteJDBCLoader;
import org.sqlite.util.LibraryLoaderUtil;

/**
 * The one place where SQLite is opened and tuned: a handle that writes, and others that read and never wait for it.
 *
 * <p>Each handle is for one thread at a time. What {@link #writer} committed survives a killed process, and with
 * {@link Sync#ALWAYS} a loss of power.
 */
final class Database implements Closeable {

    private static final String LIBRARY_FOLDER = "org.sqlite.tmpdir";
    private static final int SCHEMA_VERSION = 1;

    private final Path file;
    private final Sync sync;
    private final Handle writer;

    private Database(Path file, Sync sync, Handle writer) {
        this.file = file;
        this.sync = sync;
        this.writer = writer;
    }

    /** @throws StartupException where the file is no database of ours, or of a newer version */
    static Database open(Path file, Sync sync) {
        try {
            Home.createFile(file);
            loadLibrary(file.resolveSibling("native"));
            Handle writer = handle(file, sync, false);
            try {
                migrate(writer, file);
                return new Database(file, sync, writer);
            } catch (RuntimeException e) {
                writer.close();
                throw e;
            }
        } catch (JdbiException | IOException e) {
            Throwable cause = e instanceof JdbiException && e.getCause() != null ? e.getCause() : e;
            throw new StartupException(
                    "can't open the database " + file + ": " + Home.reason(cause)
                            + ". Make room, mend or restore it, or choose another folder with --home.",
                    e);
        }
    }

    Handle writer() {
        return writer;
    }

    /** A new handle, which whoever asks for it closes before this is closed. */
    Handle openReader() {
        return handle(file, sync, true);
    }

    /**
     * Does all of the work or, where it or its commit throws, none of it.
     *
     * <p>In SQL, not by JDBC: where sqlite-jdbc can't begin a transaction, it takes it as begun all the same, and later
     * ones as part of it; and its commit begins the next at once, whose failure then reads as the commit's own.
     */
    static <R> R inTransaction(Handle handle, Supplier<R> work) {
        try {
            // a deferred transaction takes the write lock late, and may then fail for good with SQLITE_BUSY
            handle.execute("BEGIN IMMEDIATE");
            R result = work.get();
            handle.execute("COMMIT");
            return result;
        } catch (RuntimeException | Error e) {
            try {
                handle.execute("ROLLBACK");
            } catch (JdbiException none) { // it has not begun, or SQLite has rolled back by itself
                e.addSuppressed(none);
            }
            throw e;
        }
    }

    /** The version of the schema that stands in the file; 0 where there is none yet. */
    static int schemaVersion(Handle handle) {
        return handle.createQuery("PRAGMA user_version").mapTo(Integer.class).one();
    }

    @Override
    public void close() {
        writer.close(); // the last to be closed checkpoints, and removes the write-ahead log
    }

    private static Handle handle(Path file, Sync sync, boolean readOnly) {
        SQLiteConfig config = new SQLiteConfig();
        config.setJournalMode(SQLiteConfig.JournalMode.WAL);
        // FULL flushes the write-ahead log at each commit, NORMAL at checkpoints only: sqlite.org/pragma.html
        config.setSynchronous(
                sync == Sync.ALWAYS ? SQLiteConfig.SynchronousMode.FULL : SQLiteConfig.SynchronousMode.NORMAL);
        // ids come in no order, so each row changes a page of its own: a small one is less to write, and the longer the
        // log, the more rows share its way back into the table. Together they save a third of a row's time.
        config.setPageSize(1024);
        config.setPragma(SQLiteConfig.Pragma.WAL_AUTOCHECKPOINT, "16000"); // pages: 16 MB
        config.setBusyTimeout(5_000);
        config.setReadOnly(readOnly);
        SQLiteDataSource source = new SQLiteDataSource(config);
        source.setUrl("jdbc:sqlite:" + file);
        return Jdbi.create(source).open();
    }

    private static void migrate(Handle handle, Path file) {
        int version = schemaVersion(handle);
        if (version > SCHEMA_VERSION) {
            throw new StartupException("the database " + file + " has schema version " + version
                    + ", written by a newer Countersign; this one knows " + SCHEMA_VERSION
                    + ". Start the newer one, or choose another folder with --home.");
        }
        if (version == 0) {
            inTransaction(handle, () -> {
                // WITHOUT ROWID: the table is its key's index, one page to write a row instead of two
                handle.execute("CREATE TABLE registration ("
                        + "id TEXT NOT NULL PRIMARY KEY, code_sha256 BLOB NOT NULL) STRICT, WITHOUT ROWID");
                return handle.execute("PRAGMA user_version = " + SCHEMA_VERSION);
            });
        }
    }

    /**
     * Loads SQLite's library from the home or, where that can't be (it is mounted noexec, or full), from the temporary
     * folder.
     */
    private static void loadLibrary(Path folder) {
        if (System.getProperty(LIBRARY_FOLDER) != null) {
            return; // whoever starts the server knows better
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
                                + "; nor from the temporary folder: " + again.getMessage()
                                + ". Make room, or name a folder that isn't mounted noexec with -D" + LIBRARY_FOLDER
                                + "=FOLDER.",
                        again);
            }
        }
    }

    /**
     * sqlite-jdbc unpacks its native library where anyone may read it and, when killed, leaves it there. Here it stands
     * in a folder of its own that goes as soon as the library is loaded; a start that was killed just then is tidied up
     * after by the next.
     */
    private static void unpackLibrary(Path folder) throws IOException {
        Files.createDirectories(folder);
        System.setProperty(LIBRARY_FOLDER, folder.toString());
        try {
            SQLiteJDBCLoader.initialize();
        } catch (Exception e) { // declared as wide as that
            throw new IOException(reasonAgainst(folder).orElse(e.getMessage()), e);
        } finally {
            System.clearProperty(LIBRARY_FOLDER);
            try (Stream<Path> files = Files.list(folder)) {
                files.map(Path::toFile).forEach(File::delete);
            }
            folder.toFile().delete(); // Windows keeps a loaded library: then the next start does it
        }
    }

    /** Why the library can't be loaded from there, which sqlite-jdbc doesn't say: finds out by doing the same. */
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
