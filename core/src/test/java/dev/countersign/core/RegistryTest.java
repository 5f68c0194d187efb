package dev.countersign.core;

import static dev.countersign.core.Await.failure;
import static dev.countersign.core.Await.result;
import static dev.countersign.core.Await.until;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.sql.Database;
import dev.countersign.core.sql.SqlRegistrations;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Codes and registrations, whatever database keeps them: each is a subclass. */
abstract class RegistryTest {

    static final ClientId ALICE = new ClientId("alice");
    private static final long CACHE_BYTES = 20_000;
    static final ClientId BOB = new ClientId("bob");
    private static final Optional<RequestKey> KEY = RequestKey.parse("a-key-of-alice's-own");
    private static final Optional<RequestKey> OTHER_KEY = RequestKey.parse("another-key-than-that");
    static final Code WRONG = new Code("A".repeat(24));

    @TempDir
    Path folder;

    Registrations registrations;
    Registry registry;
    private final MovableClock clock = new MovableClock(Instant.parse("2026-11-26T12:00:00Z"));
    private volatile Executor completions = Runnable::run;

    /** The same each time within a test. */
    abstract Database openDatabase();

    /** Of another process, as it were. */
    abstract Connection connect() throws SQLException;

    /** Begins a transaction in which nobody else can write; to be rolled back. */
    abstract void holdWriters(Connection connection) throws SQLException;

    /** Lets each registration of bob fail, until a trigger is dropped by {@link #takeBob}. */
    abstract void refuseBob(Connection connection) throws SQLException;

    abstract void takeBob(Connection connection) throws SQLException;

    /** Where all files of the database are. */
    abstract Path storage();

    @BeforeEach
    void open() {
        registrations = new SqlRegistrations(
                openDatabase(), Duration.ofMinutes(1), 1_000, batch -> completions.execute(batch), clock);
        registry = new Registry(registrations, new CodeGenerator(new SecureRandom()), CACHE_BYTES);
    }

    @AfterEach
    void close() {
        registrations.close();
    }

    @Test
    void acceptsTheCodeItGave() throws Exception {
        assertTrue(accepts(ALICE, register(ALICE)));
    }

    @Test
    void aWrongCodeAndAnUnknownIdAreBothNotAccepted() throws Exception {
        Code code = register(ALICE);
        Code bobs = register(new ClientId("bob"));
        for (int start = 0; start < 2; start++) {
            assertFalse(accepts(ALICE, WRONG));
            assertFalse(accepts(ALICE, bobs));
            assertFalse(accepts(ALICE, new Code("")));
            assertFalse(accepts(new ClientId("Alice"), code));
            assertFalse(accepts(new ClientId("nobody"), code));
            restart(); // once with the codes at hand, once with those of the database
        }
    }

    @Test
    void anIdAskedForBeforeItsRegistrationIsAcceptedAfterIt() throws Exception {
        assertFalse(accepts(ALICE, WRONG));
        assertTrue(accepts(ALICE, register(ALICE)));
    }

    @Test
    void codesSurviveARestart() throws Exception {
        Code code = register(ALICE);
        restart();
        assertTrue(accepts(ALICE, code));
        assertTrue(accepts(ALICE, code));
    }

    @Test
    void anIdIsTakenForGood() throws Exception {
        Code code = register(ALICE);
        assertEquals(Optional.empty(), result(registry.register(ALICE)));
        restart();
        assertEquals(Optional.empty(), result(registry.register(ALICE)));
        assertTrue(accepts(ALICE, code));
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
        assertTrue(accepts(ALICE, codes.iterator().next()));
    }

    @Test
    void ofManyRegistrationsOfOneIdInOneBatchTheFirstWins() throws Exception {
        List<CompletionStage<Optional<Code>>> stages;
        try (Connection other = connect()) {
            holdWriters(other); // the writer waits for it, with what comes first
            registry.register(new ClientId("first"));
            stages = Stream.generate(() -> registry.register(ALICE)).limit(100).toList();
            execute(other, "ROLLBACK");
        }
        Code code = result(stages.get(0)).orElseThrow();
        for (CompletionStage<Optional<Code>> later : stages.subList(1, 100)) {
            assertEquals(Optional.empty(), result(later));
        }
        assertTrue(accepts(ALICE, code));
    }

    @Test
    void theSameKeyAgainGetsANewCodeAndTheFirstStops() throws Exception {
        Code first = register(ALICE, KEY).orElseThrow();
        assertTrue(accepts(ALICE, first));
        Code second = register(ALICE, KEY).orElseThrow();
        for (int start = 0; start < 2; start++) {
            assertFalse(accepts(ALICE, first));
            assertTrue(accepts(ALICE, second));
            restart(); // once with the codes at hand, once with those of the database
        }
    }

    @Test
    void anotherKeyAndNoneFindTheIdTaken() throws Exception {
        Code code = register(ALICE, KEY).orElseThrow();
        Code bobs = register(BOB);
        assertEquals(Optional.empty(), register(ALICE, OTHER_KEY));
        assertEquals(Optional.empty(), register(ALICE, Optional.empty()));
        assertEquals(Optional.empty(), register(BOB, KEY));
        assertTrue(accepts(ALICE, code));
        assertTrue(accepts(BOB, bobs));
    }

    @Test
    void aKeyBelongsToItsId() throws Exception {
        Code code = register(ALICE, KEY).orElseThrow();
        Code bobs = register(BOB, KEY).orElseThrow();
        assertTrue(accepts(ALICE, code));
        assertTrue(accepts(BOB, bobs));
    }

    @Test
    void aKeyCountsForAnHourFromTheFirstRegistrationAlsoAfterARestart() throws Exception {
        register(ALICE, KEY).orElseThrow();
        clock.move(Duration.ofMinutes(59));
        register(ALICE, KEY).orElseThrow();
        restart();
        clock.move(Duration.ofMinutes(1));
        Code last = register(ALICE, KEY).orElseThrow();
        clock.move(Duration.ofMillis(1));
        assertEquals(Optional.empty(), register(ALICE, KEY));
        assertTrue(accepts(ALICE, last));
    }

    @Test
    void ofRepeatsInOneBatchTheLastOneCounts() throws Exception {
        List<CompletionStage<Optional<Code>>> stages = new ArrayList<>();
        CompletionStage<Optional<Code>> bobs;
        try (Connection other = connect()) {
            holdWriters(other); // the writer waits for it, with what comes first
            registry.register(new ClientId("first"));
            bobs = registry.register(BOB);
            for (Optional<RequestKey> key : List.of(KEY, KEY, OTHER_KEY, KEY, OTHER_KEY)) {
                stages.add(registry.register(ALICE, key));
            }
            execute(other, "ROLLBACK");
        }
        assertTrue(accepts(BOB, result(bobs).orElseThrow()));
        assertEquals(Optional.empty(), result(stages.get(2)));
        assertEquals(Optional.empty(), result(stages.get(4)));
        assertFalse(accepts(ALICE, result(stages.get(0)).orElseThrow()));
        assertFalse(accepts(ALICE, result(stages.get(1)).orElseThrow()));
        assertTrue(accepts(ALICE, result(stages.get(3)).orElseThrow()));
    }

    /** For longer than it takes to look for foreign changes, which is done once a second. */
    @Test
    void replacedCodesAreNotTakenForAForeignChange() throws Exception {
        long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(2_500);
        try (ServerLogEvents events = new ServerLogEvents(SqlRegistrations.class)) {
            while (System.nanoTime() < end) {
                register(ALICE, KEY).orElseThrow();
            }
            assertEquals(List.of(), events.list());
        }
    }

    @Test
    void aLookUpThatARepeatOvertakesDoesNotPutTheFormerCodeIntoTheCache() throws Exception {
        Code first = register(ALICE, KEY).orElseThrow();
        restart();
        BlockingQueue<Runnable> held = new LinkedBlockingQueue<>();
        completions = held::add;
        CompletionStage<Boolean> overtaken = registry.accepts(ALICE, first);
        Runnable answer = held.take(); // the former code was found
        completions = Runnable::run;
        Code second = register(ALICE, KEY).orElseThrow();
        answer.run();
        assertTrue(result(overtaken)); // it was the code when the look-up began
        assertFalse(accepts(ALICE, first));
        assertTrue(accepts(ALICE, second));
    }

    /** The answers to three are held up, and then given in each order. */
    @ParameterizedTest
    @ValueSource(strings = {"012", "021", "102", "120", "201", "210"})
    void inWhateverOrderRepeatsAreAnsweredTheLastCommittedCounts(String order) throws Exception {
        BlockingQueue<Runnable> held = new LinkedBlockingQueue<>();
        completions = held::add;
        List<CompletionStage<Optional<Code>>> stages = new ArrayList<>();
        List<Runnable> answers = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            stages.add(registry.register(ALICE, KEY));
            answers.add(held.take());
        }
        completions = Runnable::run;
        for (char next : order.toCharArray()) {
            answers.get(next - '0').run();
            accepts(ALICE, WRONG); // looked up, and put into the cache, between the answers
        }
        assertFalse(accepts(ALICE, result(stages.get(0)).orElseThrow()));
        assertFalse(accepts(ALICE, result(stages.get(1)).orElseThrow()));
        assertTrue(accepts(ALICE, result(stages.get(2)).orElseThrow()));
    }

    /** No look-up is answered: what is accepted was in the cache. */
    @Test
    void aRegistrationWithAKeyPutsItsCodeIntoTheCache() throws Exception {
        Code code = register(ALICE, KEY).orElseThrow();
        completions = new LinkedBlockingQueue<>()::add;
        assertTrue(registry.accepts(ALICE, code).toCompletableFuture().getNow(false));
    }

    @Test
    void aCodeEndsWithTheFirstUseOfTheNextOneAlsoIfThatWasAtAnotherServer() throws Exception {
        Code former = register(ALICE);
        Code next = result(registry.rotate(ALICE, former)).orElseThrow();
        assertTrue(accepts(ALICE, former));
        executeElsewhere("UPDATE registration SET code_sha256 = next_code_sha256, next_code_sha256 = NULL");
        assertTrue(accepts(ALICE, next));
        assertFalse(accepts(ALICE, former));
    }

    /** As after a commit that took so long that whoever asked was told that the database doesn't answer. */
    @Test
    void aCodeEndsWithTheCommitWhetherOrNotAnybodyHearsOfIt() throws Exception {
        BlockingQueue<Runnable> neverAnswered = new LinkedBlockingQueue<>();
        for (Function<ClientId, CompletionStage<?>> ending : List.<Function<ClientId, CompletionStage<?>>>of(
                registry::revoke, registry::replace, id -> registry.register(id, KEY))) {
            ClientId id = new ClientId("id-" + neverAnswered.size() + System.nanoTime());
            Code code = register(id, KEY).orElseThrow();
            assertTrue(accepts(id, code));
            completions = neverAnswered::add;
            ending.apply(id);
            neverAnswered.take(); // it is committed
            completions = Runnable::run;
            assertFalse(accepts(id, code));
        }
    }

    @Test
    void aFailedCommitReplacesNoCode() throws Exception {
        Code code = register(ALICE, KEY).orElseThrow();
        try (Connection other = connect()) {
            refuseBob(other);
            holdWriters(other);
            registry.register(new ClientId("first")); // the writer waits with it, or with it and some of the next
            registry.register(BOB); // on both sides: whatever the batches are, the repeat is in one that fails
            CompletionStage<Optional<Code>> repeat = registry.register(ALICE, KEY);
            registry.register(BOB);
            execute(other, "ROLLBACK");
            assertInstanceOf(UnavailableException.class, failure(repeat));
        }
        assertTrue(accepts(ALICE, code));
    }

    @Test
    void noFileHoldsAKeyButOnlyItsSha256() throws Exception {
        register(ALICE, KEY).orElseThrow();
        String digest = new String(KEY.orElseThrow().sha256(), ISO_8859_1);
        String running = bytesOfAllFiles();
        close();
        String closed = bytesOfAllFiles();
        open();
        for (String bytes : List.of(running, closed)) {
            assertTrue(bytes.contains(digest));
            assertFalse(bytes.contains(KEY.orElseThrow().value()));
        }
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
            assertTrue(accepts(ids.get(i), code));
            codes.add(code);
        }
        assertEquals(1_000, codes.size());
        try (Connection other = connect();
                var rows = other.createStatement().executeQuery("SELECT count(*) FROM registration")) {
            assertTrue(rows.next());
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
            assertTrue(registrations.trouble().isPresent());
            takeBob(other);
        }
        assertTrue(accepts(ALICE, register(ALICE)));
        assertEquals(Optional.empty(), registrations.trouble());
    }

    @Test
    void afterAWriteLockThatCameTooLateABatchIsStillAllOrNothing() throws Exception {
        try (Connection other = connect()) {
            holdWriters(other);
            assertInstanceOf(UnavailableException.class, failure(registry.register(new ClientId("too-late"))));
            execute(other, "ROLLBACK");
            assertABatchWithBobFails(other);
            takeBob(other);
        }
        assertTrue(accepts(ALICE, register(ALICE))); // nobody has the id
    }

    @Test
    void afterAFailedCommitTheHealthComesBackByItself() throws Exception {
        try (Connection other = connect()) {
            execute(other, "ALTER TABLE registration RENAME TO away");
            assertInstanceOf(UnavailableException.class, failure(registry.register(ALICE)));
            execute(other, "ALTER TABLE away RENAME TO registration");
        }
        until(() -> registrations.trouble().isEmpty());
        assertFalse(accepts(ALICE, WRONG));
    }

    @Test
    void aRowThatAnotherProcessDeletesIsNoticedWithinTwoSeconds() throws Exception {
        Code code = register(ALICE);
        assertTrue(accepts(ALICE, code));
        executeElsewhere("DELETE FROM registration WHERE id = 'alice'");
        assertWithinTwoSeconds(() -> !accepts(ALICE, code));
        assertTrue(accepts(ALICE, register(ALICE)));
    }

    @Test
    void aCodeThatAnotherProcessChangesIsNoticedWithinTwoSecondsWhileManyRegister() throws Exception {
        Code code = register(ALICE);
        Code bobs = register(new ClientId("bob"));
        assertTrue(accepts(ALICE, code));
        executeElsewhere(
                "UPDATE registration SET code_sha256 = (SELECT code_sha256 FROM registration WHERE id = 'bob')");
        AtomicInteger registered = new AtomicInteger();
        assertWithinTwoSeconds(() -> {
            register(new ClientId("id-" + registered.incrementAndGet())); // the writer is hardly ever idle
            return accepts(ALICE, bobs);
        });
        assertFalse(accepts(ALICE, code));
    }

    @Test
    void aLookUpThatFailsIsNotTakenForAWrongCode() throws Exception {
        try (Connection other = connect()) {
            execute(other, "DROP TABLE registration");
        }
        assertInstanceOf(UnavailableException.class, failure(registry.accepts(ALICE, WRONG)));
    }

    @Test
    void lookUpsThatFailAreToldOfOnceUntilTheySucceedAgain() throws Exception {
        try (Connection other = connect();
                ServerLogEvents events = new ServerLogEvents(GroupCommit.class)) {
            for (int outage = 1; outage <= 2; outage++) {
                execute(other, "ALTER TABLE registration RENAME TO away");
                for (int i = 0; i < 20; i++) {
                    assertInstanceOf(UnavailableException.class, failure(registry.accepts(ALICE, WRONG)));
                }
                assertEquals(2 * outage - 1, events.list().size());
                assertTrue(registrations.trouble().isPresent());
                assertTrue(OpenFiles.in(folder).size() < 10); // not one more for each that failed
                execute(other, "ALTER TABLE away RENAME TO registration");
                until(() -> registrations.trouble().isEmpty());
                int expected = 2 * outage;
                until(() -> events.list().size() == expected);
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
            long accepted = 0;
            for (ClientId id : ids) {
                accepted += accepts(id, codes.get(id)) && !accepts(id, WRONG) ? 1 : 0;
            }
            return accepted;
        };
        ExecutorService threads = Executors.newFixedThreadPool(8);
        for (Future<Long> accepted : threads.invokeAll(Collections.nCopies(8, caller))) {
            assertEquals(codes.size(), accepted.get());
        }
        threads.shutdown();
        close();
        assertEquals(List.of(), OpenFiles.in(folder));
    }

    /** The table is a view that takes its time: a query for each of them would take fifty times as long as one. */
    @Test
    void lookUpsThatMissTheCacheGatherAndNoCallerWaits() throws Exception {
        Code code = register(ALICE);
        restart();
        executeElsewhere("ALTER TABLE registration RENAME TO away");
        executeElsewhere("CREATE VIEW registration AS SELECT away.* FROM (WITH RECURSIVE counter(n) AS"
                + " (SELECT 1 UNION ALL SELECT n + 1 FROM counter WHERE n < 1000000) SELECT count(*) FROM counter) AS counted"
                + " CROSS JOIN away");
        long start = System.nanoTime();
        assertFalse(accepts(new ClientId("nobody"), code));
        long one = System.nanoTime() - start;
        start = System.nanoTime();
        List<CompletionStage<Boolean>> stages = IntStream.range(0, 100)
                .mapToObj(i -> registry.accepts(i == 50 ? ALICE : new ClientId("nobody-" + i), code))
                .toList();
        assertTrue(System.nanoTime() - start < one, "called");
        for (int i = 0; i < stages.size(); i++) {
            assertEquals(i == 50, result(stages.get(i)));
        }
        assertTrue(System.nanoTime() - start < 10 * one, "answered");
    }

    @Test
    void aLookUpThatAForeignChangeOvertakesPutsNothingIntoTheCache() throws Exception {
        Code code = register(ALICE);
        restart();
        BlockingQueue<Runnable> held = new LinkedBlockingQueue<>();
        completions = held::add;
        try (ServerLogEvents events = new ServerLogEvents(SqlRegistrations.class)) {
            CompletionStage<Boolean> overtaken = registry.accepts(ALICE, code);
            Runnable answer = held.take(); // the row was found
            executeElsewhere("DELETE FROM registration WHERE id = 'alice'");
            until(() -> !events.list().isEmpty());
            answer.run();
            assertTrue(result(overtaken)); // it was the code when the look-up began
        }
        completions = Runnable::run;
        assertFalse(accepts(ALICE, code));
    }

    @Test
    void aRegistrationThatAForeignChangeOvertakesPutsNothingIntoTheCache() throws Exception {
        BlockingQueue<Runnable> held = new LinkedBlockingQueue<>();
        completions = held::add;
        CompletionStage<Optional<Code>> overtaken = registry.register(ALICE);
        Runnable answer = held.take();
        try (ServerLogEvents events = new ServerLogEvents(SqlRegistrations.class)) {
            executeElsewhere("DELETE FROM registration WHERE id = 'alice'");
            until(() -> !events.list().isEmpty());
        }
        answer.run();
        completions = Runnable::run;
        assertFalse(accepts(ALICE, result(overtaken).orElseThrow()));
    }

    @Test
    void theCacheHoldsTheClientsSeenLastWithinItsBytes() throws Exception {
        List<ClientId> ids = IntStream.range(0, 1_000)
                .mapToObj(i -> new ClientId("client-" + (1_000 + i)))
                .toList();
        List<CompletionStage<Optional<Code>>> stages =
                ids.stream().map(registry::register).toList();
        Map<ClientId, Code> codes = new HashMap<>();
        for (int i = 0; i < ids.size(); i++) {
            codes.put(ids.get(i), result(stages.get(i)).orElseThrow());
        }
        completions = new LinkedBlockingQueue<>()::add; // no look-up is answered: what is accepted was in the cache
        List<ClientId> cached = ids.stream()
                .filter(id -> registry.accepts(id, codes.get(id))
                        .toCompletableFuture()
                        .getNow(false))
                .toList();
        assertEquals(CACHE_BYTES / 65, cached.size(), 20);
        assertTrue(cached.containsAll(ids.subList(950, 1_000)));
    }

    @Test
    void lookUpsDoNotWaitForTheWriter() throws Exception {
        Code code = register(ALICE);
        restart();
        try (Connection other = connect()) {
            holdWriters(other);
            CompletionStage<Optional<Code>> waiting = registry.register(new ClientId("bob"));
            assertTrue(accepts(ALICE, code));
            assertFalse(waiting.toCompletableFuture().isDone());
            execute(other, "ROLLBACK");
        }
    }

    @Test
    void closeCommitsWhatWasAcceptedAndTakesNoMore() throws Exception {
        List<CompletionStage<Optional<Code>>> accepted = IntStream.range(0, 100)
                .mapToObj(i -> registry.register(new ClientId("id-" + i)))
                .toList();
        registrations.close();
        assertTrue(
                accepted.stream().allMatch(stage -> stage.toCompletableFuture().isDone()));
        assertInstanceOf(UnavailableException.class, failure(registry.register(ALICE)));
        Code last = result(accepted.get(99)).orElseThrow();
        restart();
        assertTrue(accepts(new ClientId("id-99"), last));
    }

    /** Bob is not taken; alice comes before him in the batch, carol after. */
    private void assertABatchWithBobFails(Connection other) throws Exception {
        refuseBob(other);
        holdWriters(other);
        registry.register(new ClientId("first")); // the writer waits with it, and the next come together
        List<CompletionStage<Optional<Code>>> batch = Stream.of("alice", "bob", "carol")
                .map(id -> registry.register(new ClientId(id)))
                .toList();
        execute(other, "ROLLBACK");
        for (CompletionStage<Optional<Code>> stage : batch) {
            assertInstanceOf(UnavailableException.class, failure(stage));
        }
    }

    boolean accepts(ClientId id, Code code) throws Exception {
        return result(registry.accepts(id, code));
    }

    Code register(ClientId id) throws Exception {
        return result(registry.register(id)).orElseThrow();
    }

    private Optional<Code> register(ClientId id, Optional<RequestKey> key) throws Exception {
        return result(registry.register(id, key));
    }

    void restart() {
        close();
        open();
    }

    private static void assertWithinTwoSeconds(Callable<Boolean> state) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
        while (!state.call()) {
            assertTrue(System.nanoTime() < deadline, "not within two seconds");
        }
    }

    void executeElsewhere(String sql) throws SQLException {
        try (Connection other = connect()) {
            execute(other, sql);
        }
    }

    static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private String bytesOfAllFiles() throws Exception {
        StringBuilder bytes = new StringBuilder();
        try (Stream<Path> files = Files.walk(storage())) {
            for (Path each : files.filter(Files::isRegularFile).toList()) {
                try {
                    bytes.append(Files.readString(each, ISO_8859_1));
                } catch (NoSuchFileException e) {
                    // PostgreSQL renames files of its statistics meanwhile
                }
            }
        }
        return bytes.toString();
    }
}
