package dev.countersign.core;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.Closeable;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.statement.PreparedBatch;

/**
 * Who has which code. An id belongs to whoever registered it first, for good.
 *
 * <p>Safe for use by many threads. A registration is durable once its stage completes. Codes are kept as SHA-256 only:
 * with 144 random bits in a code there is nothing that a salt or a slow hash would protect.
 */
public final class Registry implements Closeable {

    /** About 10 MB of heap when full. A registration never changes, so an entry never expires. */
    private static final int CACHED_REGISTRATIONS = 50_000;

    /** Compared against where an id is unknown, so that the comparison is the same; no digest equals it. */
    private static final byte[] NO_CODE = new byte[32];

    private final CodeGenerator codes;
    private final LookUps lookUps;
    private final GroupCommit<Registration, Boolean> commits;
    private final Cache<ClientId, byte[]> known = Caffeine.newBuilder()
            .maximumSize(CACHED_REGISTRATIONS)
            .executor(Runnable::run)
            .build();

    Registry(Database database, CodeGenerator codes, int queueSize, Executor completions) {
        this.codes = codes;
        lookUps = new LookUps(database);
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
     * Whether this is the code of this id; false for an id that nobody registered. The comparison takes the same time
     * in each case.
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

    /** Whether it can take registrations, and tell whose code is whose. */
    public boolean healthy() {
        return commits.healthy() && lookUps.healthy();
    }

    /** As {@link GroupCommit#writerDeath} says. */
    CompletionStage<Throwable> writerDeath() {
        return commits.writerDeath();
    }

    /** Takes no more and commits what waits. */
    @Override
    public void close() {
        commits.close();
        lookUps.close();
    }

    private Optional<byte[]> find(ClientId id) {
        Optional<byte[]> found = lookUps.codeSha256(id);
        found.ifPresent(hash -> known.put(id, hash)); // a miss is not kept: the id may be registered any time
        return found;
    }

    private record Registration(ClientId id, byte[] codeSha256) {}

    /** The table, one transaction a batch; true for each row that is new. */
    private record Table(Handle handle) implements GroupCommit.Sink<Registration, Boolean> {

        @Override
        public List<Boolean> commit(List<Registration> registrations) {
            int[] inserted = Database.inTransaction(handle, () -> {
                try (PreparedBatch batch = handle.prepareBatch(
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
            Database.inTransaction(
                    handle, () -> handle.execute("PRAGMA user_version = " + Database.schemaVersion(handle)));
        }
    }
}
