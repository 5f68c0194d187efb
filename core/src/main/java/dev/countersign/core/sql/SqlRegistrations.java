package dev.countersign.core.sql;

import static java.util.stream.Collectors.toMap;

import dev.countersign.core.ClientId;
import dev.countersign.core.CodeDigests;
import dev.countersign.core.GroupCommit;
import dev.countersign.core.Registration;
import dev.countersign.core.Registrations;
import dev.countersign.core.Sync;
import java.io.IOException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Iterator;
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
    private final GroupCommit<Change, Outcome> changes;
    private final GroupCommit<ClientId, Optional<CodeDigests>> lookUps;
    private volatile Runnable foreignChangeListener = () -> {};

    /**
     * Closes the database with itself.
     *
     * @param queueSize additions, and look-ups, that may wait
     * @param completions completes the stages of a batch
     * @param clock tells how long ago a registration was
     */
    public SqlRegistrations(Database database, int queueSize, Executor completions, Clock clock) {
        this.database = database;
        changes = new GroupCommit<>(
                "registration-writer", queueSize, completions, new Changes(clock, database.foreignChanges()));
        lookUps = new GroupCommit<>("registration-reader", queueSize, completions, new LookUps());
    }

    @Override
    public CompletionStage<Outcome> add(Registration registration) {
        return changes.submit(new Addition(registration));
    }

    @Override
    public CompletionStage<Boolean> rotate(ClientId id, byte[] presentedSha256, byte[] nextSha256) {
        // the registration's key ends with the code that it could replace
        return update(
                "UPDATE registration SET code_sha256 = ?, next_code_sha256 = ?, key_sha256 = NULL"
                        + " WHERE id = ? AND ? IN (code_sha256, next_code_sha256) AND revoked_millis IS NULL",
                presentedSha256,
                nextSha256,
                id.value(),
                presentedSha256);
    }

    @Override
    public CompletionStage<Boolean> promote(ClientId id, byte[] nextSha256) {
        return update(
                "UPDATE registration SET code_sha256 = next_code_sha256, next_code_sha256 = NULL"
                        + " WHERE id = ? AND next_code_sha256 = ? AND revoked_millis IS NULL",
                id.value(),
                nextSha256);
    }

    private CompletionStage<Boolean> update(String sql, Object... arguments) {
        return changes.submit(new Update(sql, arguments)).thenApply(outcome -> outcome == Outcome.REPLACED);
    }

    @Override
    public CompletionStage<Optional<CodeDigests>> findCodes(ClientId id) {
        return lookUps.submit(id);
    }

    @Override
    public void onForeignChange(Runnable listener) {
        foreignChangeListener = listener;
    }

    @Override
    public boolean healthy() {
        return changes.healthy() && lookUps.healthy();
    }

    @Override
    public CompletionStage<Throwable> writerDeath() {
        return changes.writerDeath().applyToEither(lookUps.writerDeath(), cause -> cause);
    }

    @Override
    public void close() {
        try (database;
                changes;
                lookUps) {
            // closed in reverse order, whichever of them fails
        }
    }

    private sealed interface Change {}

    private record Addition(Registration registration) implements Change {}

    /** Changes one row, or none. */
    private record Update(String sql, Object... arguments) implements Change {}

    /** One transaction a batch. */
    private final class Changes implements GroupCommit.Sink<Change, Outcome> {

        private final Clock clock;
        private long foreignChanges;

        Changes(Clock clock, long foreignChanges) {
            this.clock = clock;
            this.foreignChanges = foreignChanges;
        }

        @Override
        public List<Outcome> commit(List<Change> changes) throws IOException {
            return database.writer().inTransaction(handle -> {
                List<Outcome> outcomes = apply(handle, changes);
                database.requireFilesInPlace();
                return outcomes;
            });
        }

        /** Registrations first, all at once: of changes that wait together, none was answered before the other. */
        private List<Outcome> apply(Handle handle, List<Change> changes) {
            List<Registration> registrations = new ArrayList<>(changes.size());
            for (Change change : changes) {
                if (change instanceof Addition addition) {
                    registrations.add(addition.registration());
                }
            }
            List<Outcome> added = registrations.isEmpty() ? List.of() : add(handle, registrations, clock.millis());
            if (added.size() == changes.size()) {
                return added;
            }
            Iterator<Outcome> next = added.iterator();
            return changes.stream()
                    .map(change -> change instanceof Update update ? update(handle, update) : next.next())
                    .toList();
        }

        private static Outcome update(Handle handle, Update update) {
            return handle.execute(update.sql(), update.arguments()) == 1 ? Outcome.REPLACED : Outcome.TAKEN;
        }

        private static List<Outcome> add(Handle handle, List<Registration> registrations, long nowMillis) {
            boolean anyKey =
                    registrations.stream().anyMatch(each -> each.keySha256().isPresent());
            int[] rows = insert(handle, registrations, anyKey, nowMillis);
            List<Outcome> outcomes = new ArrayList<>(rows.length);
            for (int i = 0; i < rows.length; i++) {
                boolean isAdded = rows[i] == 1;
                outcomes.add(isAdded ? Outcome.ADDED : replaceOfSameKey(handle, registrations.get(i), nowMillis));
            }
            return outcomes;
        }

        /** @return for each registration 1, or 0 where the id is taken */
        private static int[] insert(Handle handle, List<Registration> registrations, boolean withKeys, long nowMillis) {
            String insert = withKeys
                    ? "INSERT INTO registration (id, code_sha256, key_sha256, registered_millis) VALUES (?, ?, ?, ?)"
                    : "INSERT INTO registration (id, code_sha256) VALUES (?, ?)";
            try (PreparedBatch batch = handle.prepareBatch(insert + " ON CONFLICT DO NOTHING")) {
                for (Registration each : registrations) {
                    batch.bind(0, each.id().value()).bind(1, each.codeSha256());
                    if (withKeys) {
                        Optional<byte[]> key = each.keySha256();
                        batch.bind(2, key.orElse(null))
                                .bind(3, key.map(sha256 -> nowMillis).orElse(null));
                    }
                    batch.add();
                }
                return batch.execute();
            }
        }

        private static Outcome replaceOfSameKey(Handle handle, Registration registration, long nowMillis) {
            boolean isReplaced = registration.keySha256().isPresent()
                    && handle.execute(
                                    "UPDATE registration SET code_sha256 = ?"
                                            + " WHERE id = ? AND key_sha256 = ? AND registered_millis >= ?",
                                    registration.codeSha256(),
                                    registration.id().value(),
                                    registration.keySha256().get(),
                                    nowMillis - REPEATABLE.toMillis())
                            == 1;
            return isReplaced ? Outcome.REPLACED : Outcome.TAKEN;
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
    private final class LookUps implements GroupCommit.Sink<ClientId, Optional<CodeDigests>> {

        @Override
        public List<Optional<CodeDigests>> commit(List<ClientId> ids) {
            Map<String, CodeDigests> found = find(ids);
            return ids.stream()
                    .map(id -> Optional.ofNullable(found.get(id.value())))
                    .toList();
        }

        private Map<String, CodeDigests> find(List<ClientId> ids) {
            try (Query query = database.reader()
                    .createQuery("SELECT id, code_sha256, coalesce(next_code_sha256, code_sha256)"
                            + " FROM registration WHERE id IN (<ids>) AND revoked_millis IS NULL")) {
                return query.bindList("ids", ids.stream().map(ClientId::value).toList())
                        .map((row, context) ->
                                Map.entry(row.getString(1), new CodeDigests(row.getBytes(2), row.getBytes(3))))
                        .collect(toMap(Map.Entry::getKey, Map.Entry::getValue));
            }
        }

        @Override
        public void probe() {
            find(List.of(new ClientId("anyone")));
        }
    }
}
