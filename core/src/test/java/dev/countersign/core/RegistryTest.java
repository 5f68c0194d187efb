package dev.countersign.core;

import static dev.countersign.core.Await.failure;
import static dev.countersign.core.Await.result;
import static dev.countersign.core.Await.until;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.file.StandardCopyOption.REPLACE_EXISTING;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RegistryTest {

    private static final ClientId ALICE = new ClientId("alice");
    private static final Code WRONG = new Code("A".repeat(24));

    @TempDir
    Path folder;

    private Path file;
    private Database database;
    private Registry registry;

    @BeforeEach
    void open() {
        file = folder.resolve("countersign.db");
        database = Database.open(file, Sync.ALWAYS);
        registry = new Registry(database, new CodeGenerator(new SecureRandom()), 1_000, Runnable::run);
    }

    @AfterEach
    void close() {
        registry.close();
        database.close();
    }

    @Test
    void acceptsTheCodeItGave() throws Exception {
        assertTrue(registry.accepts(ALICE, register(ALICE)));
    }

    @Test
    void aWrongCodeAndAnUnknownIdAreBothNotAccepted() throws Exception {
        Code code = register(ALICE);
        Code bobs = register(new ClientId("bob"));
        for (int start = 0; start < 2; start++) {
            assertFalse(registry.accepts(ALICE, WRONG));
            assertFalse(registry.accepts(ALICE, bobs));
            assertFalse(registry.accepts(ALICE, new Code("")));
            assertFalse(registry.accepts(new ClientId("Alice"), code));
            assertFalse(registry.accepts(new ClientId("nobody"), code));
            restart(); // once with the codes at hand, once with those of the database
        }
    }

    @Test
    void anIdAskedForBeforeItsRegistrationIsAcceptedAfterIt() throws Exception {
        assertFalse(registry.accepts(ALICE, WRONG));
        assertTrue(registry.accepts(ALICE, register(ALICE)));
    }

    @Test
    void codesSurviveARestart() throws Exception {
        Code code = register(ALICE);
        restart();
        assertTrue(registry.accepts(ALICE, code));
        assertTrue(registry.accepts(ALICE, code));
    }

    @Test
    void anIdIsTakenForGood() throws Exception {
        Code code = register(ALICE);
        assertEquals(Optional.empty(), result(registry.register(ALICE)));
        restart();
        assertEquals(Optional.empty(), result(registry.register(ALICE)));
        assertTrue(registry.accepts(ALICE, code));
    }

    @Test
    void ofManyThreadsThatRegisterOneIdExactlyOneWins() throws Exception {
        List<Callable<Optional<Code>>> callers = Collections.nCopies(16, () -> result(registry.register(ALICE)));
        ExecutorService threads = Executors.newFixedThreadPool(callers.size());
        Set<Code> codes = new HashSet<>();
        for (Future<Optional<Code>> answer : threads.invokeAll(callers)) {
            answer.get().ifPresent(codes::add);
        }
        threads.shutdown();
        assertEquals(1, codes.size());
        assertTrue(registry.accepts(ALICE, codes.iterator().next()));
    }

    @Test
    void ofManyRegistrationsOfOneIdInOneBatchTheFirstWins() throws Exception {
        List<CompletionStage<Optional<Code>>> stages;
        try (Connection other = connect()) {
            execute(other, "BEGIN IMMEDIATE"); // the writer waits for it, with what comes first
            registry.register(new ClientId("first"));
            stages = Stream.generate(() -> registry.register(ALICE)).limit(100).toList();
            execute(other, "ROLLBACK");
        }
        Code code = result(stages.get(0)).orElseThrow();
        for (CompletionStage<Optional<Code>> later : stages.subList(1, 100)) {
            assertEquals(Optional.empty(), result(later));
        }
        assertTrue(registry.accepts(ALICE, code));
    }

    @Test
    void eachOfManyIdsGetsACodeOfItsOwn() throws Exception {
        List<ClientId> ids =
                IntStream.range(0, 1_000).mapToObj(i -> new ClientId("id-" + i)).toList();
        List<CompletionStage<Optional<Code>>> stages =
                ids.stream().map(registry::register).toList();
        Set<Code> codes = new HashSet<>();
        for (int i = 0; i < ids.size(); i++) {
            Code code = result(stages.get(i)).orElseThrow();
            assertTrue(registry.accepts(ids.get(i), code));
            codes.add(code);
        }
        assertEquals(1_000, codes.size());
        try (Connection other = connect();
                var rows = other.createStatement().executeQuery("SELECT count(*) FROM registration")) {
            assertEquals(1_000, rows.getInt(1));
        }
    }

    @Test
    void noFileHoldsACodeButOnlyItsSha256() throws Exception {
        Code code = register(ALICE);
        String digest = new String(code.sha256(), ISO_8859_1);
        String running = bytesOfAllFiles();
        close();
        String closed = bytesOfAllFiles();
        open();
        for (String bytes : List.of(running, closed)) {
            assertTrue(bytes.contains(digest));
            assertFalse(bytes.contains(code.value()));
        }
    }

    @Test
    void aFailedCommitRegistersNobodyAndTheNextGoesOn() throws Exception {
        try (Connection other = connect()) {
            assertABatchWithBobFails(other);
            assertFalse(registry.healthy());
            execute(other, "DROP TRIGGER full");
        }
        assertTrue(registry.accepts(ALICE, register(ALICE)));
        assertTrue(registry.healthy());
    }

    @Test
    void afterAWriteLockThatCameTooLateABatchIsStillAllOrNothing() throws Exception {
        try (Connection other = connect()) {
            execute(other, "BEGIN IMMEDIATE");
            assertInstanceOf(UnavailableException.class, failure(registry.register(new ClientId("too-late"))));
            execute(other, "ROLLBACK");
            assertABatchWithBobFails(other);
            execute(other, "DROP TRIGGER full");
        }
        assertTrue(registry.accepts(ALICE, register(ALICE))); // nobody has the id
    }

    @Test
    void afterAFailedCommitTheHealthComesBackByItself() throws Exception {
        try (Connection other = connect()) {
            execute(other, "ALTER TABLE registration RENAME TO away");
            assertInstanceOf(UnavailableException.class, failure(registry.register(ALICE)));
            execute(other, "ALTER TABLE away RENAME TO registration");
        }
        until(registry::healthy);
        assertFalse(registry.accepts(ALICE, WRONG));
    }

    @ParameterizedTest
    @ValueSource(strings = {"countersign.db", "countersign.db-wal", "countersign.db-shm"})
    void nothingIsRegisteredWhileAFileOfTheDatabaseIsRemovedOrReplaced(String name) throws Exception {
        Path path = folder.resolve(name);
        Path away = folder.resolve("away");
        Files.move(path, away);
        assertInstanceOf(UnavailableException.class, failure(registry.register(ALICE)));
        assertFalse(registry.healthy());
        Files.copy(away, path);
        assertInstanceOf(UnavailableException.class, failure(registry.register(ALICE)));
        Files.move(away, path, REPLACE_EXISTING);
        until(registry::healthy);
        Code code = register(ALICE); // nobody has the id
        restart();
        assertTrue(registry.accepts(ALICE, code));
    }

    @Test
    void aFileOfTheDatabaseThatIsRemovedIsNoticedThoughNobodyRegisters() throws Exception {
        Files.move(file, folder.resolve("away"));
        until(() -> !registry.healthy());
        Files.move(folder.resolve("away"), file);
        until(registry::healthy);
    }

    @Test
    void aRowThatAnotherProcessDeletesIsNoticedWithinTwoSeconds() throws Exception {
        Code code = register(ALICE);
        assertTrue(registry.accepts(ALICE, code));
        executeElsewhere("DELETE FROM registration WHERE id = 'alice'");
        assertWithinTwoSeconds(() -> !registry.accepts(ALICE, code));
        assertTrue(registry.accepts(ALICE, register(ALICE)));
    }

    @Test
    void aCodeThatAnotherProcessChangesIsNoticedWithinTwoSecondsWhileManyRegister() throws Exception {
        Code code = register(ALICE);
        Code bobs = register(new ClientId("bob"));
        assertTrue(registry.accepts(ALICE, code));
        executeElsewhere(
                "UPDATE registration SET code_sha256 = (SELECT code_sha256 FROM registration WHERE id = 'bob')");
        AtomicInteger registered = new AtomicInteger();
        assertWithinTwoSeconds(() -> {
            try {
                register(new ClientId("id-" + registered.incrementAndGet())); // the writer is hardly ever idle
            } catch (Exception e) {
                throw new AssertionError(e);
            }
            return registry.accepts(ALICE, bobs);
        });
        assertFalse(registry.accepts(ALICE, code));
    }

    @Test
    void aLookUpThatFailsIsNotTakenForAWrongCode() throws Exception {
        try (Connection other = connect()) {
            execute(other, "DROP TABLE registration");
        }
        assertThrows(UnavailableException.class, () -> registry.accepts(ALICE, WRONG));
    }

    @Test
    void lookUpsThatFailAreToldOfOnceUntilTheySucceedAgain() throws Exception {
        try (Connection other = connect();
                ServerLogEvents events = new ServerLogEvents(LookUps.class)) {
            for (int outage = 1; outage <= 2; outage++) {
                execute(other, "ALTER TABLE registration RENAME TO away");
                for (int i = 0; i < 20; i++) {
                    assertThrows(UnavailableException.class, () -> registry.accepts(ALICE, WRONG));
                }
                assertEquals(2 * outage - 1, events.list().size());
                assertFalse(registry.healthy());
                assertTrue(OpenFiles.in(folder).size() < 10); // not one more for each that failed
                execute(other, "ALTER TABLE away RENAME TO registration");
                assertTrue(registry.healthy());
                assertEquals(2 * outage, events.list().size());
            }
        }
    }

    @Test
    void manyThreadsLookUpAtOnce() throws Exception {
        Map<ClientId, Code> codes = new HashMap<>();
        for (int i = 0; i < 1_000; i++) {
            ClientId id = new ClientId("id-" + i);
            codes.put(id, register(id));
        }
        restart(); // so that none is cached
        Callable<Long> caller = () -> {
            List<ClientId> ids = new ArrayList<>(codes.keySet());
            Collections.shuffle(ids);
            return ids.stream()
                    .filter(id -> registry.accepts(id, codes.get(id)) && !registry.accepts(id, WRONG))
                    .count();
        };
        ExecutorService threads = Executors.newFixedThreadPool(8);
        for (Future<Long> accepted : threads.invokeAll(Collections.nCopies(8, caller))) {
            assertEquals(codes.size(), accepted.get());
        }
        threads.shutdown();
        close();
        assertEquals(List.of(), OpenFiles.in(folder));
    }

    @Test
    void lookUpsDoNotWaitForTheWriter() throws Exception {
        Code code = register(ALICE);
        restart();
        try (Connection other = connect()) {
            execute(other, "BEGIN IMMEDIATE");
            CompletionStage<Optional<Code>> waiting = registry.register(new ClientId("bob"));
            assertTrue(registry.accepts(ALICE, code));
            assertFalse(waiting.toCompletableFuture().isDone());
            execute(other, "ROLLBACK");
        }
    }

    @Test
    void closeCommitsWhatWasAcceptedAndTakesNoMore() throws Exception {
        List<CompletionStage<Optional<Code>>> accepted = IntStream.range(0, 100)
                .mapToObj(i -> registry.register(new ClientId("id-" + i)))
                .toList();
        registry.close();
        assertTrue(
                accepted.stream().allMatch(stage -> stage.toCompletableFuture().isDone()));
        assertInstanceOf(UnavailableException.class, failure(registry.register(ALICE)));
        Code last = result(accepted.get(99)).orElseThrow();
        restart();
        assertTrue(registry.accepts(new ClientId("id-99"), last));
    }

    /** A trigger, "full", takes no bob; alice comes before him in the batch, carol after. */
    private void assertABatchWithBobFails(Connection other) throws Exception {
        execute(
                other,
                "CREATE TRIGGER full BEFORE INSERT ON registration WHEN NEW.id = 'bob'"
                        + " BEGIN SELECT RAISE(ABORT, 'disk full'); END");
        execute(other, "BEGIN IMMEDIATE");
        registry.register(new ClientId("first")); // the writer waits with it, and the next come together
        List<CompletionStage<Optional<Code>>> batch = Stream.of("alice", "bob", "carol")
                .map(id -> registry.register(new ClientId(id)))
                .toList();
        execute(other, "ROLLBACK");
        for (CompletionStage<Optional<Code>> stage : batch) {
            assertInstanceOf(UnavailableException.class, failure(stage));
        }
    }

    private Code register(ClientId id) throws Exception {
        return result(registry.register(id)).orElseThrow();
    }

    private void restart() {
        close();
        open();
    }

    private static void assertWithinTwoSeconds(BooleanSupplier state) {
        long start = System.nanoTime();
        until(state);
        assertTrue(System.nanoTime() - start < TimeUnit.SECONDS.toNanos(2));
    }

    private void executeElsewhere(String sql) throws SQLException {
        try (Connection other = connect()) {
            execute(other, sql);
        }
    }

    private Connection connect() throws SQLException {
        return DriverManager.getConnection("jdbc:sqlite:" + file);
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private String bytesOfAllFiles() throws Exception {
        StringBuilder bytes = new StringBuilder();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path each : files.toList()) {
                bytes.append(Files.readString(each, ISO_8859_1));
            }
        }
        return bytes.toString();
    }
}
