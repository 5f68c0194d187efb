package dev.countersign.core;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.Closeable;
import java.security.MessageDigest;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Who has which code. An id belongs to whoever registered it first, for good.
 *
 * <p>Safe for use by many threads. A registration is durable once its stage completes. Codes are kept as SHA-256 only:
 * with 144 random bits in a code there is nothing that a salt or a slow hash would protect.
 */
public final class Registry implements Closeable {

    private static final Logger log = LoggerFactory.getLogger(Registry.class);

    /** About 10 MB of heap when full. A registration never changes, so an entry never expires. */
    private static final int CACHED_REGISTRATIONS = 50_000;

    /** Compared against where an id is unknown, so that it takes as long as a wrong code; no digest equals it. */
    private static final byte[] NO_CODE = new byte[32];

    private final CodeGenerator codes;
    private final Handle reader;
    private final GroupCommit<Registration, Boolean> commits;
    private final Cache<ClientId, byte[]> known = Caffeine.newBuilder()
            .maximumSize(CACHED_REGISTRATIONS)
            .executor(Runnable::run)
            .build();
    private Optional<PreparedStatement> selectCode = Optional.empty();
    private boolean lookUpFails;

    Registry(Database database, CodeGenerator codes, int queueSize, Executor completions) {
        this.codes = codes;
        reader = database.reader();
        commits = new GroupCommit<>("registry-writer", queueSize, completions, new Table(database.writer()));
    }

    /**
     * Registers an id.
     *
     * @return its code, or empty where the id is taken; fails as {@link GroupCommit#submit} says
     */
    public CompletionStage<Optional<Code>> register(ClientId id) {
        Code code = codes.next();
        Registration registration = new Registration(id, code.sha256());
        return commits.submit(registration).thenApply(isFirst -> {
            if (!isFirst) {
                return Optional.empty();
            }
            known.put(id, registration.codeSha256);
            return Optional.of(code);
        });
    }

    /**
     * Whether this is the code of this id; false, after the same time, for an id that nobody registered.
     *
     * @throws UnavailableException where the database can't be read
     */
    public boolean accepts(ClientId id, Code code) {
        byte[] presented = code.sha256();
        byte[] registered = known.getIfPresent(id);
        if (registered == null) {
            registered = find(id).orElse(NO_CODE);
        }
        return MessageDigest.isEqual(registered, presented);
    }

    /** Whether it can take registrations. */
    public boolean healthy() {
        return commits.healthy();
    }

    /** Takes no more and commits what waits. */
    @Override
    public void close() {
        commits.close();
    }

    private Optional<byte[]> find(ClientId id) {
        Optional<byte[]> found = lookUp(id);
        found.ifPresent(hash -> known.put(id, hash)); // a miss is not kept: the id may be registered any time
        return found;
    }

    /** By a statement that is prepared once: to prepare it anew costs several times what the look-up does. */
    private Optional<byte[]> lookUp(ClientId id) {
        synchronized (reader) { // it takes a few microseconds, from memory: a pool would win nothing
            try {
                if (selectCode.isEmpty()) {
                    selectCode = Optional.of(reader.getConnection()
                            .prepareStatement("SELECT code_sha256 FROM registration WHERE id = ?"));
                }
                Optional<byte[]> found = lookUp(id, selectCode.get());
                if (lookUpFails) {
                    lookUpFails = false;
                    log.info("codes are looked up again");
                }
                return found;
            } catch (SQLException e) {
                dropStatement(e);
                if (!lookUpFails) { // it may fail for each message: once is enough to read
                    lookUpFails = true;
                    log.error(
                            "can't look codes up; refusing messages of clients that are not cached until it succeeds again",
                            e);
                }
                throw new UnavailableException("the database can't be read", e);
            }
        }
    }

    private static Optional<byte[]> lookUp(ClientId id, PreparedStatement selectCode) throws SQLException {
        selectCode.setString(1, id.value());
        try (ResultSet rows = selectCode.executeQuery()) {
            return rows.next() ? Optional.of(rows.getBytes(1)) : Optional.empty();
        }
    }

    /** SQLite's driver may have closed it with the failure: the next look-up has one of its own. */
    private void dropStatement(SQLException cause) {
        Optional<PreparedStatement> dropped = selectCode;
        selectCode = Optional.empty();
        if (dropped.isPresent()) {
            try {
                dropped.get().close();
            } catch (SQLException e) {
                cause.addSuppressed(e);
            }
        }
    }

    private record Registration(ClientId id, byte[] codeSha256) {}

    /** The table, one transaction a batch; true for each row that is new. */
    private record Table(Handle handle) implements GroupCommit.Sink<Registration, Boolean> {

        @Override
        public List<Boolean> commit(List<Registration> registrations) {
            int[] inserted = handle.inTransaction(transaction -> {
                try (PreparedBatch batch = transaction.prepareBatch(
                        "INSERT INTO registration (id, code_sha256) VALUES (?, ?) ON CONFLICT DO NOTHING")) {
                    for (Registration registration : registrations) {
                        batch.bind(0, registration.id.value())
                                .bind(1, registration.codeSha256)
                                .add();
                    }
                    return batch.execute();
                }
            });
            List<Boolean> results = new ArrayList<>(inserted.length);
            for (int rows : inserted) {
                results.add(rows == 1);
            }
            return results;
        }

        /** Rewrites the schema's version, the smallest write there is. */
        @Override
        public void probe() {
            handle.useTransaction(transaction -> {
                int version = transaction
                        .createQuery("PRAGMA user_version")
                        .mapTo(Integer.class)
                        .one();
                transaction.execute("PRAGMA user_version = " + version);
            });
        }
    }
}
