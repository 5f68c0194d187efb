package dev.countersign.core.sql;

import static java.util.stream.Collectors.toMap;

import dev.countersign.core.ClientId;
import dev.countersign.core.GroupCommit;
import dev.countersign.core.Past;
import dev.countersign.core.Registration;
import dev.countersign.core.Registrations;
import dev.countersign.core.StartupException;
import dev.countersign.core.Sync;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.jdbi.v3.core.statement.Query;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registrations in a database. Additions gather into one transaction and look-ups into one query, each on a thread and
 * a connection of its own, so that neither waits for the other.
 *
 * <p>Safe for use by many threads. What was added survives a killed process, and with {@link Sync#ALWAYS} a loss of
 * power.
 */
public final class SqlRegistrations implements Registrations {

    private static final Logger log = LoggerFactory.getLogger(SqlRegistrations.class);

    private final Database database;
    private final GroupCommit<Registration, Boolean> additions;
    private final GroupCommit<ClientId, Optional<byte[]>> lookUps;
    private volatile Runnable foreignChangeListener = () -> {};

    private SqlRegistrations(Database database, int queueSize, Executor completions) {
        this.database = database;
        additions = new GroupCommit<>(
                "registration-writer", queueSize, completions, new Additions(database.foreignChanges()));
        lookUps = new GroupCommit<>("registration-reader", queueSize, completions, new LookUps());
    }

    /**
     * Opens an SQLite database, and makes it where it is missing.
     *
     * @param queueSize additions, and look-ups, that may wait
     * @param completions completes the stages of a batch
     * @throws StartupException where the file is no database of ours, or of a newer version
     */
    public static SqlRegistrations open(Path file, Sync sync, int queueSize, Executor completions) {
        Database database = Database.open(file, sync);
        try {
            return new SqlRegistrations(database, queueSize, completions);
        } catch (RuntimeException e) {
            database.close();
            throw e;
        }
    }

    /** What the home was before this start. */
    public Past past() {
        return database.past();
    }

    /** Notes that messages have a journal. To be called before the first registration. */
    public void noteJournal() {
        database.noteJournal();
    }

    @Override
    public CompletionStage<Boolean> add(Registration registration) {
        return additions.submit(registration);
    }

    @Override
    public CompletionStage<Optional<byte[]>> findCodeSha256(ClientId id) {
        return lookUps.submit(id);
    }

    @Override
    public void onForeignChange(Runnable listener) {
        foreignChangeListener = listener;
    }

    @Override
    public boolean healthy() {
        return additions.healthy() && lookUps.healthy();
    }

    @Override
    public CompletionStage<Throwable> writerDeath() {
        return additions.writerDeath().applyToEither(lookUps.writerDeath(), cause -> cause);
    }

    @Override
    public void close() {
        try (database;
                additions;
                lookUps) {
            // closed in reverse order, whichever of them fails
        }
    }

    /** One transaction a batch; true for each row that is new. */
    private final class Additions implements GroupCommit.Sink<Registration, Boolean> {

        private long foreignChanges;

        Additions(long foreignChanges) {
            this.foreignChanges = foreignChanges;
        }

        @Override
        public List<Boolean> commit(List<Registration> registrations) throws IOException {
            return database.writer().inTransaction(handle -> {
                List<Boolean> added = insert(handle, registrations);
                database.requireFilesInPlace();
                return added;
            });
        }

        private static List<Boolean> insert(Handle handle, List<Registration> registrations) {
            try (PreparedBatch batch = handle.prepareBatch(
                    "INSERT INTO registration (id, code_sha256) VALUES (?, ?) ON CONFLICT DO NOTHING")) {
                for (Registration each : registrations) {
                    batch.bind(0, each.id().value()).bind(1, each.codeSha256()).add();
                }
                List<Boolean> added = new ArrayList<>(registrations.size());
                for (int rows : batch.execute()) {
                    added.add(rows == 1);
                }
                return added;
            }
        }

        /** Rewrites the schema's version, the smallest write there is. */
        @Override
        public void probe() throws IOException {
            database.requireFilesInPlace();
            database.writer()
                    .useTransaction(
                            handle -> handle.execute("PRAGMA user_version = " + Database.schemaVersion(handle)));
        }

        @Override
        public void watch() throws IOException {
            database.requireFilesInPlace();
            long changes = database.foreignChanges();
            if (changes != foreignChanges) {
                foreignChanges = changes;
                foreignChangeListener.run();
                log.info("another process has changed the database; codes are looked up anew");
            }
        }
    }

    /** One query a batch. */
    private final class LookUps implements GroupCommit.Sink<ClientId, Optional<byte[]>> {

        @Override
        public List<Optional<byte[]>> commit(List<ClientId> ids) {
            Map<String, byte[]> found = find(ids);
            return ids.stream()
                    .map(id -> Optional.ofNullable(found.get(id.value())))
                    .toList();
        }

        private Map<String, byte[]> find(List<ClientId> ids) {
            try (Query query =
                    database.reader().createQuery("SELECT id, code_sha256 FROM registration WHERE id IN (<ids>)")) {
                return query.bindList("ids", ids.stream().map(ClientId::value).toList())
                        .map((row, context) -> Map.entry(row.getString(1), row.getBytes(2)))
                        .collect(toMap(Map.Entry::getKey, Map.Entry::getValue));
            }
        }

        @Override
        public void probe() {
            find(List.of(new ClientId("anyone")));
        }
    }
}
