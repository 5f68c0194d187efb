package dev.countersign.core.sql;

import com.zaxxer.hikari.HikariConfig;
import com.zaxxer.hikari.HikariDataSource;
import dev.countersign.core.ClientId;
import dev.countersign.core.DatabaseSettings;
import dev.countersign.core.Registration;
import dev.countersign.core.StartupException;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.sql.SQLTransientException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.BiPredicate;
import java.util.logging.Level;
import java.util.stream.Stream;
import org.jdbi.v3.core.ConnectionException;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.argument.Argument;
import org.jdbi.v3.core.statement.Query;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.ds.PGSimpleDataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A PostgreSQL database, which several servers can share. A transaction that {@link #write} committed is flushed there,
 * and on the standbys that PostgreSQL's settings name as synchronous.
 *
 * <p>A trigger notifies every server of each updated or deleted row, whoever changed it.
 */
public final class PostgresDatabase implements Database {

    private static final Logger log = LoggerFactory.getLogger(PostgresDatabase.class);
    private static final java.util.logging.Logger DRIVERS_LOG = java.util.logging.Logger.getLogger("org.postgresql");
    private static final int SCHEMA_VERSION = 1;

    /** The advisory lock for creating the tables while several servers start; an arbitrary number. */
    private static final long SCHEMA_LOCK = 0x436f756e746572L;

    private static final List<String> SCHEMA = List.of(
            "CREATE TABLE registration_schema (version integer NOT NULL)",
            "INSERT INTO registration_schema VALUES (" + SCHEMA_VERSION + ")",
            // COLLATE "C": the same order of ids as in Java and SQLite
            "CREATE TABLE registration (id text COLLATE \"C\" PRIMARY KEY, code_sha256 bytea NOT NULL, key_sha256 bytea,"
                    + " registered_millis bigint, next_code_sha256 bytea, revoked_millis bigint)",
            "CREATE FUNCTION registration_changed() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN"
                    + " PERFORM pg_notify(''registration_changed'',"
                    + " coalesce(current_setting(''countersign.server'', true), '''') || '' '' || OLD.id);"
                    + " RETURN NULL; END'",
            "CREATE TRIGGER registration_changed AFTER UPDATE OR DELETE ON registration"
                    + " FOR EACH ROW EXECUTE FUNCTION registration_changed()");

    /** For the writer, the reader and the listener, and one more: to read apart, or while a broken connection is replaced. */
    private static final int CONNECTIONS = 4;

    private static final long CONNECT_MILLIS = 5_000;

    /** Less than the socket's timeout, so that PostgreSQL ends a statement first. Requests fail after ten seconds. */
    private static final int STATEMENT_SECONDS = 7;

    private static final int SOCKET_SECONDS = 8;

    private final HikariDataSource pool;
    private final Jdbi jdbi;
    private final String server = Long.toHexString(new SecureRandom().nextLong());
    private Optional<Handle> listener = Optional.empty();
    private final Semaphore readsApart = new Semaphore(1);
    private boolean heedsOwnChanges;

    private PostgresDatabase(PGSimpleDataSource source) {
        pool = new HikariDataSource(pool(source));
        jdbi = Database.jdbi(pool);
    }

    /**
     * Opens the database and creates missing tables.
     *
     * @throws StartupException if the database can't be used, or a newer version created its tables
     */
    public static PostgresDatabase open(DatabaseSettings settings) {
        DRIVERS_LOG.setLevel(Level.OFF); // it would print to the console what the exceptions say
        PGSimpleDataSource source = source(settings);
        try {
            Jdbi.create(source).useTransaction(PostgresDatabase::migrate);
            PostgresDatabase database = new PostgresDatabase(source);
            try {
                database.probe();
                database.foreignChanges();
                database.tellOfRisks(settings.shownUrl());
                return database;
            } catch (JdbiException | SQLException e) {
                database.close();
                throw e;
            }
        } catch (JdbiException | SQLException e) {
            Throwable cause = Database.cause(e);
            throw new StartupException(
                    "can't use the database " + settings.shownUrl() + ": "
                            + String.valueOf(cause.getMessage())
                                    .lines()
                                    .findFirst()
                                    .orElse("")
                                    .replaceFirst("[.]$", "")
                            + ". Check --database, COUNTERSIGN_DATABASE_USER and COUNTERSIGN_DATABASE_PASSWORD.",
                    e,
                    cause instanceof SQLException failed && mayPass(failed));
        }
    }

    /** True without a connection, or while PostgreSQL starts or stops; not if it has rejected the connection (08004). */
    private static boolean mayPass(SQLException failed) {
        return failed instanceof SQLTransientException
                || String.valueOf(failed.getSQLState()).matches("08(?!004).*|57P0[123]|53300");
    }

    private static PGSimpleDataSource source(DatabaseSettings settings) {
        String url = settings.url();
        if (url.matches(".*[?&](user|password)=.*")) {
            throw new StartupException("--database contains a user or a password, which others can read. Set"
                    + " COUNTERSIGN_DATABASE_USER and COUNTERSIGN_DATABASE_PASSWORD, or use the file of --config.");
        }
        PGSimpleDataSource source = new PGSimpleDataSource();
        source.setApplicationName("countersign");
        source.setTcpKeepAlive(true);
        source.setConnectTimeout((int) (CONNECT_MILLIS / 1_000));
        source.setSocketTimeout(SOCKET_SECONDS);
        try {
            source.setURL(url);
        } catch (IllegalArgumentException e) {
            throw new StartupException(
                    "--database must be jdbc:postgresql://HOST:PORT/NAME, not " + settings.shownUrl(), e);
        }
        if (!settings.user().isEmpty()) {
            source.setUser(settings.user());
            source.setPassword(settings.password());
        }
        return source;
    }

    private HikariConfig pool(PGSimpleDataSource source) {
        HikariConfig config = new HikariConfig();
        config.setPoolName("registrations");
        config.setDataSource(source);
        config.setMaximumPoolSize(CONNECTIONS);
        config.setConnectionTimeout(CONNECT_MILLIS);
        config.setValidationTimeout(CONNECT_MILLIS / 2);
        config.setInitializationFailTimeout(-1); // the migration has just connected
        config.setConnectionInitSql("SET statement_timeout = '" + STATEMENT_SECONDS + "s';"
                + " SET countersign.server = '" + server + "';"
                // at least a flush, whatever the default of the database or the user is
                + " SELECT set_config('synchronous_commit', 'on', false)"
                + " WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')");
        return config;
    }

    private static void migrate(Handle handle) {
        handle.execute("SELECT pg_advisory_xact_lock(" + SCHEMA_LOCK + ")");
        if (handle.createQuery("SELECT to_regclass('registration_schema') IS NULL")
                .mapTo(Boolean.class)
                .one()) {
            SCHEMA.forEach(handle::execute);
        }
        int version = handle.createQuery("SELECT version FROM registration_schema")
                .mapTo(Integer.class)
                .one();
        if (version > SCHEMA_VERSION) {
            throw new StartupException("the database has schema version " + version
                    + ", written by a newer Countersign; this one knows " + SCHEMA_VERSION
                    + ". Start the newer one, or choose another database with --database.");
        }
    }

    private void tellOfRisks(String url) {
        if (setting("fsync").equals("off") || setting("full_page_writes").equals("off")) {
            log.warn("{} runs with fsync or full_page_writes off: a power cut there can lose registrations", url);
        }
        if (setting("synchronous_standby_names").isEmpty()) {
            log.info("{} has no synchronous standby: a failover can lose the last registrations", url);
        }
    }

    private String setting(String name) {
        return read(handle -> handle.createQuery("SELECT current_setting(?)")
                .bind(0, name)
                .mapTo(String.class)
                .one());
    }

    @Override
    public <R> R write(HandleCallback<R, RuntimeException> work, BiPredicate<Handle, R> isStored) {
        AtomicReference<R> done = new AtomicReference<>();
        try {
            return jdbi.inTransaction(handle -> {
                done.set(work.withHandle(handle));
                return done.get();
            });
        } catch (JdbiException e) {
            R result = done.get();
            if (result == null) {
                throw e; // it failed before the commit, and PostgreSQL rolls it back
            }
            log.warn("PostgreSQL did not answer a commit; checking whether it was committed", e);
            stopListening(); // then every cached code is looked up again
            heedsOwnChanges = true; // it may still be committed, after the check
            if (jdbi.withHandle(handle -> isStored.test(handle, result))) {
                return result;
            }
            throw e;
        }
    }

    @Override
    public <R> R read(HandleCallback<R, RuntimeException> work) {
        return jdbi.withHandle(work);
    }

    /** One at a time: of the four connections, one is left for this. */
    @Override
    public <R> R readApart(HandleCallback<R, RuntimeException> work) {
        if (!readsApart.tryAcquire()) {
            throw new ConnectionException(new SQLTransientException("another one reads already; try again"));
        }
        try {
            return read(work);
        } finally {
            readsApart.release();
        }
    }

    @Override
    public String idsOfJson() {
        return "SELECT jsonb_array_elements_text(CAST(? AS jsonb))";
    }

    /** Inserts in one statement. */
    @Override
    public Set<String> insert(Handle handle, List<Registration> registrations, long nowMillis) {
        Stream<String> ids = registrations.stream().map(each -> each.id().value());
        Stream<byte[]> codes = registrations.stream().map(Registration::codeSha256);
        Stream<byte[]> keys =
                registrations.stream().map(each -> each.keySha256().orElse(null));
        try (Query insert =
                handle.createQuery("INSERT INTO registration (id, code_sha256, key_sha256, registered_millis)"
                        + " SELECT *, ? FROM unnest(?, ?, ?) ON CONFLICT DO NOTHING RETURNING id")) {
            return insert.bind(0, nowMillis)
                    .bind(1, array("text", ids.toArray(String[]::new)))
                    .bind(2, array("bytea", codes.toArray(byte[][]::new)))
                    .bind(3, array("bytea", keys.toArray(byte[][]::new)))
                    .mapTo(String.class)
                    .set();
        }
    }

    private static Argument array(String type, Object[] elements) {
        return (position, statement, context) ->
                statement.setArray(position, statement.getConnection().createArrayOf(type, elements));
    }

    /** Rewrites the schema version, a small write. */
    @Override
    public void probe() {
        jdbi.useTransaction(handle -> handle.execute("UPDATE registration_schema SET version = version"));
    }

    /** Without a connection that listens, as at the start or after it was lost, any row may have changed. */
    @Override
    public Optional<Set<ClientId>> foreignChanges() throws SQLException {
        try {
            if (listener.isEmpty()) {
                listener = Optional.of(jdbi.open());
                listener.get().execute("LISTEN registration_changed");
                return Optional.empty();
            }
            listener.get().execute("SELECT 1"); // delivers notifications, and shows whether the connection is alive
            Set<ClientId> changed = new HashSet<>();
            PGConnection connection = listener.get().getConnection().unwrap(PGConnection.class);
            for (PGNotification each : connection.getNotifications()) {
                String[] serverAndId = each.getParameter().split(" ", 2);
                if (heedsOwnChanges || !serverAndId[0].equals(server)) {
                    ClientId.parse(serverAndId[1]).ifPresent(changed::add);
                }
            }
            return Optional.of(changed);
        } catch (JdbiException | SQLException e) {
            stopListening();
            throw e;
        }
    }

    private void stopListening() {
        // not back to the pool: it would go on listening
        listener.map(Handle::getConnection).ifPresent(pool::evictConnection);
        listener = Optional.empty();
    }

    @Override
    public void close() {
        stopListening();
        pool.close();
    }
}
