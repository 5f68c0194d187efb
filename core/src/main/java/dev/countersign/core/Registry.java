package dev.countersign.core;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.Closeable;
import java.io.IOException;
import java.security.MessageDigest;
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

    /** Compared against where an id is unknown, so that the comparison is the same; no digest equals it. */
    private static final byte[] NO_CODE = new byte[32];

    private final CodeGenerator codes;
    private final LookUps lookUps;
    private final GroupCommit<Registration, Boolean> commits;
    /**
     * Replaced by an empty one when somebody else has changed the table. Who finds a code puts it into the cache of the
     * time when he began to look: what a change has overtaken then goes where nobody reads.
     */
    private volatile Cache<ClientId, byte[]> known = emptyCache();

    Registry(Database database, CodeGenerator codes, int queueSize, Executor completions) {
        this.codes = codes;
        lookUps = new LookUps(database);
        commits = new GroupCommit<>("registry-writer", queueSize, completions, new Table(database, this::forget));
    }

    /**
     * Registers an id.
     *
     * @return its code, or empty where the id is taken; fails as {@link GroupCommit#submit} says
     */
    public CompletionStage<Optional<Code>> register(ClientId id) {
        Code code = codes.next();
        Registration registration = new Registration(id, code.sha256());
        Cache<ClientId, byte[]> cache = known;
        return commits.submit(registration).thenApply(isFirst -> {
            if (!isFirst) {
                return Optional.empty();
            }
            cache.put(id, registration.codeSha256);
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
        Cache<ClientId, byte[]> cache = known;
        byte[] registered = cache.getIfPresent(id);
        if (registered == null) {
            registered = find(id, cache).orElse(NO_CODE);
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

    private Optional<byte[]> find(ClientId id, Cache<ClientId, byte[]> cache) {
        Optional<byte[]> found = lookUps.codeSha256(id);
        found.ifPresent(hash -> cache.put(id, hash)); // a miss is not kept: the id may be registered any time
        return found;
    }

    private void forget() {
        known = emptyCache();
    }

    private static Cache<ClientId, byte[]> emptyCache() {
        return Caffeine.newBuilder()
                .maximumSize(CACHED_REGISTRATIONS)
                .executor(Runnable::run)
                .build();
    }

    private record Registration(ClientId id, byte[] codeSha256) {}

    /** The table, one transaction a batch; true for each row that is new. */
    private static final class Table implements GroupCommit.Sink<Registration, Boolean> {

        private final Database database;
        private final Runnable changedByOthers;
        private long foreignChanges;

        Table(Database database, Runnable changedByOthers) {
            this.database = database;
            this.changedByOthers = changedByOthers;
            foreignChanges = database.foreignChanges();
        }

        @Override
        public List<Boolean> commit(List<Registration> registrations) throws IOException {
            int[] inserted = Database.inTransaction(database.writer(), () -> {
                int[] rows = insert(registrations);
                database.requireFilesInPlace();
                return rows;
            });
            List<Boolean> results = new ArrayList<>(inserted.length);
            for (int rows : inserted) {
                results.add(rows == 1);
            }
            return results;
        }

        private int[] insert(List<Registration> registrations) {
            try (PreparedBatch batch = database.writer()
                    .prepareBatch("INSERT INTO registration (id, code_sha256) VALUES (?, ?) ON CONFLICT DO NOTHING")) {
                for (Registration registration : registrations) {
                    batch.bind(0, registration.id.value())
                            .bind(1, registration.codeSha256)
                            .add();
                }
                return batch.execute();
            }
        }

        /** Rewrites the schema's version, the smallest write there is. */
        @Override
        public void probe() throws IOException {
            database.requireFilesInPlace();
            Handle writer = database.writer();
            Database.inTransaction(
                    writer, () -> writer.execute("PRAGMA user_version = " + Database.schemaVersion(writer)));
        }

        @Override
        public void watch() throws IOException {
            database.requireFilesInPlace();
            long changes = database.foreignChanges();
            if (changes != foreignChanges) {
                foreignChanges = changes;
                log.info("another process changed the database; codes are looked up anew");
                changedByOthers.run();
            }
        }
    }
}
