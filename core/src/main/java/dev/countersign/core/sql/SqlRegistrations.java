package dev.countersign.core.sql;

import static java.util.stream.Collectors.joining;

import dev.countersign.core.ClientId;
import dev.countersign.core.CodeDigests;
import dev.countersign.core.GroupCommit;
import dev.countersign.core.Registration;
import dev.countersign.core.Registrations;
import dev.countersign.core.Sync;
import java.io.IOException;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.statement.Query;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Registrations in a database. Changes are batched into one transaction and lookups into one query. Each has its own
 * thread and connection, so that neither waits for the other.
 *
 * <p>Safe for use by many threads. Committed changes survive a killed process, and with {@link Sync#ALWAYS} a power
 * cut.
 */
public final class SqlRegistrations implements Registrations {

    private static final Logger log = LoggerFactory.getLogger(SqlRegistrations.class);

    private final Database database;
    private final Clock clock;
    private final long staleNanos;
    private final GroupCommit<Change, Outcome> changes;
    private final GroupCommit<ClientId, Optional<CodeDigests>> lookUps;
    private volatile Runnable allChanged = () -> {};
    private volatile Consumer<ClientId> changed = id -> {};
    private volatile long changesKnownNanos = System.nanoTime();

    /**
     * {@link #close} also closes the database.
     *
     * @param staleCodes how long cached codes may be used while the database doesn't answer
     * @param queueSize how many changes, and how many lookups, may wait
     * @param completions completes the stages of a batch
     * @param clock dates registrations and revocations
     */
    public SqlRegistrations(Database database, Duration staleCodes, int queueSize, Executor completions, Clock clock) {
        this.database = database;
        this.clock = clock;
        staleNanos = staleCodes.toNanos();
        changes = new GroupCommit<>("registration-writer", queueSize, completions, new Changes());
        lookUps = new GroupCommit<>("registration-reader", queueSize, completions, new LookUps());
    }

    @Override
    public CompletionStage<Outcome> add(Registration registration) {
        String id = registration.id().value();
        byte[] code = registration.codeSha256();
        long sinceMillis = clock.millis() - REPEATABLE.toMillis();
        return changes.submit(new Change(
                registration.id(),
                Optional.of(registration),
                registration
                        .keySha256()
                        .map(key -> new Update(
                                "UPDATE registration SET code_sha256 = ? WHERE id = ? AND key_sha256 = ?"
                                        + " AND registered_millis >= ? AND revoked_millis IS NULL",
                                code,
                                id,
                                key,
                                sinceMillis)),
                stored -> stored.isPresent() && stored.get().isCurrent(code)));
    }

    @Override
    public CompletionStage<Boolean> rotate(ClientId id, byte[] presentedSha256, byte[] nextSha256) {
        // also forgets the registration's key: it must not replace the new code
        return update(
                id,
                stored -> stored.isPresent() && stored.get().isNext(nextSha256),
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
                id,
                stored -> stored.isPresent() && stored.get().isCurrent(nextSha256),
                "UPDATE registration SET code_sha256 = next_code_sha256, next_code_sha256 = NULL"
                        + " WHERE id = ? AND next_code_sha256 = ? AND revoked_millis IS NULL",
                id.value(),
                nextSha256);
    }

    @Override
    public CompletionStage<Boolean> replace(ClientId id, byte[] codeSha256) {
        return update(
                id,
                stored -> stored.isPresent() && stored.get().isCurrent(codeSha256),
                "UPDATE registration SET code_sha256 = ?, next_code_sha256 = NULL, key_sha256 = NULL"
                        + " WHERE id = ? AND revoked_millis IS NULL",
                codeSha256,
                id.value());
    }

    @Override
    public CompletionStage<Boolean> revoke(ClientId id) {
        return update(
                id,
                Optional::isEmpty,
                "UPDATE registration SET revoked_millis = ? WHERE id = ? AND revoked_millis IS NULL",
                clock.millis(),
                id.value());
    }

    private CompletionStage<Boolean> update(
            ClientId id, Predicate<Optional<CodeDigests>> isStored, String sql, Object... arguments) {
        Optional<Update> update = Optional.of(new Update(sql, arguments));
        return changes.submit(new Change(id, Optional.empty(), update, isStored))
                .thenApply(outcome -> outcome == Outcome.REPLACED);
    }

    @Override
    public List<Stored> list(String after, int limit) throws IOException {
        try {
            return database.readApart(handle -> handle.createQuery("SELECT id, registered_millis, revoked_millis"
                            + " FROM registration WHERE id > ? ORDER BY id LIMIT ?")
                    .bind(0, after)
                    .bind(1, limit)
                    .map((row, context) -> new Stored(
                            new ClientId(row.getString(1)),
                            Optional.ofNullable(row.getObject(2)).map(SqlRegistrations::instant),
                            Optional.ofNullable(row.getObject(3)).map(SqlRegistrations::instant)))
                    .list());
        } catch (JdbiException e) {
            throw new IOException("can't read the registrations: " + e.getMessage(), e);
        }
    }

    private static Instant instant(Object millis) {
        return Instant.ofEpochMilli(((Number) millis).longValue());
    }

    @Override
    public CompletionStage<Optional<CodeDigests>> findCodes(ClientId id) {
        return lookUps.submit(id);
    }

    @Override
    public void onChange(Runnable all, Consumer<ClientId> one) {
        changed = one;
        allChanged = all;
    }

    @Override
    public boolean mayUseKnownCodes() {
        return System.nanoTime() - changesKnownNanos < staleNanos;
    }

    @Override
    public Optional<String> trouble() {
        return changes.trouble().or(lookUps::trouble);
    }

    @Override
    public GroupCommit.Figures figures() {
        return changes.figures();
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

    /** A statement that changes one row, or none. */
    private record Update(String sql, Object... arguments) {}

    /**
     * @param registration to insert
     * @param update used if nothing is inserted
     * @param isStored tells from the id's stored codes whether the change is committed
     */
    private record Change(
            ClientId id,
            Optional<Registration> registration,
            Optional<Update> update,
            Predicate<Optional<CodeDigests>> isStored) {}

    /** One transaction a batch. */
    private final class Changes implements GroupCommit.Sink<Change, Outcome> {

        @Override
        public List<Outcome> commit(List<Change> changes) throws IOException {
            List<Outcome> outcomes = database.write(
                    handle -> apply(handle, changes), (handle, applied) -> areStored(handle, changes, applied));
            for (int i = 0; i < changes.size(); i++) {
                if (outcomes.get(i) == Outcome.REPLACED) { // here: after a slow commit nobody waits for the outcome
                    changed.accept(changes.get(i).id);
                }
            }
            return outcomes;
        }

        /**
         * Inserts all registrations first. Changes in one batch may be applied in any order: none was answered before.
         * All servers change rows in the order of their ids: otherwise two that change the same rows could deadlock.
         */
        private List<Outcome> apply(Handle handle, List<Change> changes) {
            Map<String, Change> additions = new TreeMap<>(); // of several with one id, the first
            changes.stream()
                    .filter(change -> change.registration.isPresent())
                    .forEach(change -> additions.putIfAbsent(change.id.value(), change));
            Map<Change, Outcome> outcomes = new IdentityHashMap<>();
            if (!additions.isEmpty()) {
                List<Registration> registrations = additions.values().stream()
                        .map(change -> change.registration.get())
                        .toList();
                database.insert(handle, registrations, clock.millis())
                        .forEach(id -> outcomes.put(additions.get(id), Outcome.ADDED));
            }
            changes.stream()
                    .filter(change -> !outcomes.containsKey(change))
                    .sorted(Comparator.comparing(change -> change.id.value()))
                    .forEach(change -> outcomes.put(change, update(handle, change)));
            return changes.stream().map(outcomes::get).toList();
        }

        private static Outcome update(Handle handle, Change change) {
            return change.update
                    .filter(update -> handle.execute(update.sql, update.arguments) == 1)
                    .map(update -> Outcome.REPLACED)
                    .orElse(Outcome.TAKEN);
        }

        private boolean areStored(Handle handle, List<Change> changes, List<Outcome> outcomes) {
            Map<String, CodeDigests> stored =
                    find(handle, changes.stream().map(Change::id).toList());
            return IntStream.range(0, changes.size())
                    .allMatch(i -> outcomes.get(i) == Outcome.TAKEN
                            || changes.get(i)
                                    .isStored
                                    .test(Optional.ofNullable(
                                            stored.get(changes.get(i).id.value()))));
        }

        @Override
        public void probe() throws IOException {
            database.probe();
        }

        @Override
        public void watch() throws IOException, SQLException {
            long now = System.nanoTime();
            Optional<Set<ClientId>> ids = database.foreignChanges();
            ids.ifPresentOrElse(some -> some.forEach(changed), allChanged);
            changesKnownNanos = now;
            if (ids.isEmpty() || !ids.get().isEmpty()) {
                log.info("codes have changed in the database; looking them up again");
            }
        }
    }

    /** One query a batch. */
    private final class LookUps implements GroupCommit.Sink<ClientId, Optional<CodeDigests>> {

        @Override
        public List<Optional<CodeDigests>> commit(List<ClientId> ids) {
            Map<String, CodeDigests> found = database.read(handle -> find(handle, ids));
            return ids.stream()
                    .map(id -> Optional.ofNullable(found.get(id.value())))
                    .toList();
        }

        @Override
        public void probe() {
            commit(List.of(new ClientId("anyone")));
        }
    }

    /** The stored code hashes of the ids that are registered and not revoked. */
    private Map<String, CodeDigests> find(Handle handle, List<ClientId> ids) {
        // not a list of ?: each number of ids would be another statement, to be parsed and prepared again
        String json = ids.stream().map(ClientId::value).collect(joining("\",\"", "[\"", "\"]"));
        try (Query query = handle.createQuery("SELECT id, code_sha256, next_code_sha256 FROM registration WHERE id IN ("
                + database.idsOfJson() + ") AND revoked_millis IS NULL")) {
            return query.bind(0, json)
                    .map((row, context) -> {
                        byte[] current = row.getBytes(2); // one array for both where there is one code: many are cached
                        byte[] next = Optional.ofNullable(row.getBytes(3)).orElse(current);
                        return Map.entry(row.getString(1), new CodeDigests(current, next));
                    })
                    .collectToMap(Map.Entry::getKey, Map.Entry::getValue);
        }
    }
}
