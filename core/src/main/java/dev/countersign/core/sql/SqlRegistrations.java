package dev.countersign.core.sql;

import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.toMap;

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
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
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
        return changes.submit(new Addition(registration));
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

    /** @param isStored tells from the id's stored codes whether the update is committed */
    private CompletionStage<Boolean> update(
            ClientId id, Predicate<Optional<CodeDigests>> isStored, String sql, Object... arguments) {
        return changes.submit(new Update(id, isStored, sql, arguments))
                .thenApply(outcome -> outcome == Outcome.REPLACED);
    }

    @Override
    public CompletionStage<Optional<CodeDigests>> findCodes(ClientId id) {
        return lookUps.submit(id);
    }

    @Override
    public void onForeignChange(Runnable all, Consumer<ClientId> one) {
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

    private sealed interface Change {
        ClientId id();

        /** Whether the change is committed, judging by the id's stored codes. */
        boolean isIn(Optional<CodeDigests> stored);
    }

    private record Addition(Registration registration) implements Change {

        @Override
        public ClientId id() {
            return registration.id();
        }

        @Override
        public boolean isIn(Optional<CodeDigests> stored) {
            return stored.isPresent() && stored.get().isCurrent(registration.codeSha256());
        }
    }

    /** Changes one row, or none. */
    private record Update(ClientId id, Predicate<Optional<CodeDigests>> isStored, String sql, Object... arguments)
            implements Change {

        @Override
        public boolean isIn(Optional<CodeDigests> stored) {
            return isStored.test(stored);
        }
    }

    /** One transaction a batch. */
    private final class Changes implements GroupCommit.Sink<Change, Outcome> {

        @Override
        public List<Outcome> commit(List<Change> changes) throws IOException {
            return database.write(
                    handle -> apply(handle, changes), (handle, outcomes) -> areStored(handle, changes, outcomes));
        }

        /**
         * Inserts all registrations first. Changes in one batch may be applied in any order: none was answered before.
         */
        private List<Outcome> apply(Handle handle, List<Change> changes) {
            List<Registration> registrations = new ArrayList<>(changes.size());
            for (Change change : changes) {
                if (change instanceof Addition addition) {
                    registrations.add(addition.registration());
                }
            }
            long nowMillis = clock.millis();
            BitSet added = registrations.isEmpty() ? new BitSet() : database.insert(handle, registrations, nowMillis);
            Outcome[] outcomes = new Outcome[changes.size()];
            List<Integer> rest = new ArrayList<>();
            int registration = 0;
            for (int i = 0; i < outcomes.length; i++) {
                if (changes.get(i) instanceof Addition && added.get(registration++)) {
                    outcomes[i] = Outcome.ADDED;
                } else {
                    rest.add(i);
                }
            }
            // all servers use the same order: otherwise two that update the same rows could deadlock
            rest.sort(Comparator.comparing(i -> changes.get(i).id().value()));
            for (int i : rest) {
                boolean isReplaced = changes.get(i) instanceof Update update
                        ? handle.execute(update.sql(), update.arguments()) == 1
                        : replaceOfSameKey(handle, ((Addition) changes.get(i)).registration(), nowMillis);
                outcomes[i] = isReplaced ? Outcome.REPLACED : Outcome.TAKEN;
            }
            return List.of(outcomes);
        }

        private static boolean replaceOfSameKey(Handle handle, Registration registration, long nowMillis) {
            return registration.keySha256().isPresent()
                    && handle.execute(
                                    "UPDATE registration SET code_sha256 = ?"
                                            + " WHERE id = ? AND key_sha256 = ? AND registered_millis >= ?"
                                            + " AND revoked_millis IS NULL",
                                    registration.codeSha256(),
                                    registration.id().value(),
                                    registration.keySha256().get(),
                                    nowMillis - REPEATABLE.toMillis())
                            == 1;
        }

        private boolean areStored(Handle handle, List<Change> changes, List<Outcome> outcomes) {
            Map<String, CodeDigests> stored =
                    find(handle, changes.stream().map(Change::id).toList());
            return IntStream.range(0, changes.size())
                    .allMatch(i -> outcomes.get(i) == Outcome.TAKEN
                            || changes.get(i)
                                    .isIn(Optional.ofNullable(
                                            stored.get(changes.get(i).id().value()))));
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
                log.info("another process has changed the database; looking up codes again");
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
                    .collect(toMap(Map.Entry::getKey, Map.Entry::getValue));
        }
    }
}
