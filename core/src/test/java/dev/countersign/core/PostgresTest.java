package dev.countersign.core;

import static dev.countersign.core.Await.failure;
import static dev.countersign.core.Await.result;
import static dev.countersign.core.Await.until;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.TcpProxy.Cut;
import dev.countersign.core.sql.PostgresDatabase;
import dev.countersign.core.sql.SqlRegistrations;
import dev.countersign.core.store.Store;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Servers that share a PostgreSQL, and what becomes of them when it fails. */
@Tag("cluster")
class PostgresTest {

    private static final ClientId ALICE = new ClientId("alice");
    private static final ClientId BOB = new ClientId("bob");
    private static final Duration STALE = Duration.ofSeconds(4);

    private DatabaseSettings settings;
    private TcpProxy proxy;
    private Server one;
    private Server other;

    /** What a server has of registrations. */
    private record Server(Registrations registrations, Registry registry) {

        static Server open(DatabaseSettings settings) {
            Registrations registrations = new SqlRegistrations(
                    PostgresDatabase.open(settings), STALE, 1_000, Runnable::run, Clock.systemUTC());
            return new Server(
                    registrations, new Registry(registrations, new CodeGenerator(new SecureRandom()), 100_000));
        }

        Code register(ClientId id) throws Exception {
            return result(registry.register(id)).orElseThrow();
        }

        boolean accepts(ClientId id, Code code) throws Exception {
            return result(registry.accepts(id, code));
        }
    }

    /** The first reaches PostgreSQL by a proxy. */
    @BeforeEach
    void open() throws Exception {
        settings = Postgres.newDatabase();
        proxy = new TcpProxy(Postgres.port());
        one = Server.open(Postgres.at(proxy.port(), settings));
        other = Server.open(settings);
    }

    @AfterEach
    void close() throws IOException {
        proxy.close();
        one.registrations.close();
        other.registrations.close();
    }

    @Test
    void whatOneRegistersTheOtherAcceptsAtOnceAlsoAfterAMiss() throws Exception {
        assertFalse(other.accepts(ALICE, new Code("guessed")));
        Code code = one.register(ALICE);
        assertTrue(other.accepts(ALICE, code));
        assertEquals(Optional.empty(), result(other.registry.register(ALICE)));
    }

    @Test
    void aRotationAtOneIsKnownAtTheOtherWithinFiveSeconds() throws Exception {
        Code first = one.register(ALICE);
        assertTrue(other.accepts(ALICE, first)); // and remembers it
        Code second = result(one.registry.rotate(ALICE, first)).orElseThrow();
        assertTrue(other.accepts(ALICE, first));
        assertTrue(one.accepts(ALICE, second));
        assertWithin(5, () -> !other.accepts(ALICE, first));
        assertTrue(other.accepts(ALICE, second));
    }

    @Test
    void ofTheSameIdsAtBothInOppositeOrdersEachHasOneWinnerAndNoneFails() throws Exception {
        for (int round = 0; round < 20; round++) {
            String prefix = "round-" + round + "-";
            List<ClientId> ids = IntStream.range(0, 200)
                    .mapToObj(i -> new ClientId(prefix + i))
                    .toList();
            List<ClientId> reversed = new ArrayList<>(ids);
            Collections.reverse(reversed);
            List<CompletionStage<Optional<Code>>> ones =
                    ids.stream().map(one.registry::register).toList();
            List<CompletionStage<Optional<Code>>> others =
                    reversed.stream().map(other.registry::register).toList();
            List<CompletionStage<Boolean>> accepted = new ArrayList<>();
            for (int i = 0; i < ids.size(); i++) {
                Optional<Code> mine = result(ones.get(i));
                Optional<Code> theirs = result(others.get(ids.size() - 1 - i));
                assertTrue(mine.isPresent() != theirs.isPresent(), ids.get(i).value());
                accepted.add(
                        one.registry.accepts(ids.get(i), mine.or(() -> theirs).orElseThrow()));
            }
            for (CompletionStage<Boolean> each : accepted) {
                assertTrue(result(each));
            }
        }
    }

    @Test
    void rotationsOfTheSameIdsAtBothInOppositeOrdersDoNotWaitForEachOther() throws Exception {
        List<ClientId> ids =
                IntStream.range(0, 100).mapToObj(i -> new ClientId("id-" + i)).toList();
        List<Code> codes = new ArrayList<>();
        for (ClientId id : ids) {
            codes.add(one.register(id));
        }
        for (int round = 0; round < 20; round++) {
            List<CompletionStage<Optional<Code>>> stages = new ArrayList<>();
            for (int i = 0; i < ids.size(); i++) {
                int last = ids.size() - 1 - i;
                stages.add(one.registry.rotate(ids.get(i), codes.get(i)));
                stages.add(other.registry.rotate(ids.get(last), codes.get(last)));
            }
            for (CompletionStage<Optional<Code>> each : stages) {
                assertTrue(result(each).isPresent());
            }
        }
    }

    @Test
    void aCommitThatWasDoneButNotAnsweredIsAcknowledgedByItsRow() throws Exception {
        proxy.cut(Cut.BEFORE_ITS_ANSWER, "INSERT INTO registration ");
        Code code = one.register(ALICE);
        assertTrue(other.accepts(ALICE, code));
    }

    @Test
    void aCommitThatNeverArrivedIsNotAcknowledged() throws Exception {
        proxy.cut(Cut.BEFORE_THE_MESSAGE, "INSERT INTO registration ");
        assertInstanceOf(UnavailableException.class, failure(one.registry.register(ALICE)));
        assertTrue(other.accepts(ALICE, other.register(ALICE))); // nobody has the id
        until(() -> one.registrations.trouble().isEmpty());
    }

    @Test
    void afterBrokenConnectionsOthersChangesCountAndWorkGoesOn() throws Exception {
        Code first = one.register(ALICE);
        proxy.setSilent(true);
        Code second = result(other.registry.rotate(ALICE, first)).orElseThrow();
        assertTrue(other.accepts(ALICE, second));
        proxy.reset();
        proxy.setSilent(false);
        assertWithin(5, () -> !one.accepts(ALICE, first));
        until(() -> one.registrations.trouble().isEmpty());
        assertTrue(one.accepts(BOB, one.register(BOB)));
    }

    @Test
    void whileItIsSilentKnownCodesCountForAWhileAndNobodyWaitsLongerThanElevenSeconds() throws Exception {
        Code code = one.register(ALICE);
        proxy.setSilent(true);
        long start = System.nanoTime();
        CompletionStage<Optional<Code>> registration = one.registry.register(BOB);
        assertTrue(one.accepts(ALICE, code));
        CompletionStage<Boolean> unknown = one.registry.accepts(BOB, code);
        for (CompletionStage<?> each : List.of(registration, unknown)) {
            assertInstanceOf(
                    UnavailableException.class,
                    assertThrows(
                                    Exception.class,
                                    () -> each.toCompletableFuture().get(11, TimeUnit.SECONDS))
                            .getCause());
        }
        assertTrue(System.nanoTime() - start < TimeUnit.SECONDS.toNanos(11));
        assertTrue(one.registrations.trouble().isPresent());
        assertFalse(one.registrations.mayUseKnownCodes()); // four seconds have gone
        proxy.setSilent(false);
        assertWithin(20, () -> one.registrations.trouble().isEmpty());
        assertTrue(one.accepts(ALICE, code));
        one.register(new ClientId("carol"));
    }

    @Test
    void whenPostgresEndsAllConnectionsItGoesOnByItself() throws Exception {
        Code code = one.register(ALICE);
        try (Connection connection = Postgres.connect(settings)) {
            RegistryTest.execute(
                    connection,
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                            + " WHERE application_name = 'countersign' AND datname = current_database()");
        }
        assertWithin(
                5,
                () -> one.registry
                        .register(BOB)
                        .handle((registered, failure) -> failure == null)
                        .toCompletableFuture()
                        .join());
        until(() -> one.registrations.trouble().isEmpty());
        assertTrue(one.accepts(ALICE, code));
    }

    @Test
    void aCommitIsFlushedWhateverTheDatabasesDefault() {
        try (PostgresDatabase database = PostgresDatabase.open(settings)) {
            assertEquals(
                    "on",
                    database.read(handle -> handle.createQuery("SHOW synchronous_commit")
                            .mapTo(String.class)
                            .one()));
        }
    }

    @Test
    void manyServersMakeTheTablesAtOnce() throws Exception {
        DatabaseSettings empty = Postgres.newDatabase();
        ExecutorService threads = Executors.newFixedThreadPool(6);
        Callable<Boolean> start = () -> {
            Server.open(empty).registrations.close();
            return true;
        };
        for (Future<Boolean> each : threads.invokeAll(Collections.nCopies(6, start))) {
            assertTrue(each.get());
        }
        threads.shutdown();
    }

    @Test
    void aNewerSchemaIsRefusedWithItsVersion() throws SQLException {
        try (Connection connection = Postgres.connect(settings)) {
            RegistryTest.execute(connection, "UPDATE registration_schema SET version = 99");
        }
        String refusal = refusal(settings.url());
        assertTrue(refusal.contains("version 99") && refusal.contains("--database"), refusal);
    }

    @ParameterizedTest
    @CsvSource({
        "jdbc:postgresql://127.0.0.1:PORT/none,                     does not exist",
        "jdbc:postgresql://127.0.0.1:1/test,                        refused",
        "jdbc:postgresql://127.0.0.1:PORT/test?password=s3cret,     COUNTERSIGN_DATABASE_PASSWORD",
        "jdbc:postgresql://127.0.0.1:PORT/test?ssl=x&user=s3cret,   COUNTERSIGN_DATABASE_USER",
        "jdbc:mysql://127.0.0.1/test?password=s3cret,               --database",
        "jdbc:mysql://127.0.0.1/test,                               --database must be jdbc:postgresql:",
        "jdbc:postgresql://127.0.0.1:port/test,                     --database must be jdbc:postgresql:",
    })
    void aStartThatFailsSaysInALineWhyAndWhichOption(String url, String reason) {
        String refusal = refusal(url.replace("PORT", String.valueOf(Postgres.port())));
        assertTrue(refusal.contains(reason), refusal);
        assertTrue(refusal.contains("--database") && refusal.lines().count() == 1, refusal);
        assertFalse(Stream.of("s3cret", "a-password").anyMatch(refusal::contains), refusal);
    }

    @Test
    void aStartThatLosesItsConnectionTriesAgainAndSaysSoInALine(@TempDir Path home) throws Exception {
        try (TcpProxy flaky = new TcpProxy(Postgres.port());
                ServerLogEvents events = new ServerLogEvents(Store.class)) {
            flaky.cut(Cut.BEFORE_THE_MESSAGE, "postgres"); // after the first connection's user name
            StoreSettings all = StoreSettings.defaults();
            StoreSettings store = new StoreSettings(
                    Postgres.at(flaky.port(), settings),
                    all.topic(),
                    all.sync(),
                    all.queueSize(),
                    all.queueMemoryBytes(),
                    all.rememberedKeys(),
                    all.log());
            Store.open(Home.open(home), store, Runnable::run, Runnable::run).close();
            String warning = events.list().get(0).getFormattedMessage();
            assertTrue(warning.startsWith("trying again") && warning.contains("--database"), warning);
            assertEquals(1, events.list().size());
        }
    }

    private static String refusal(String url) {
        DatabaseSettings settings = new DatabaseSettings(url, "postgres", "a-password", STALE);
        return assertThrows(StartupException.class, () -> PostgresDatabase.open(settings))
                .getMessage();
    }

    private static void assertWithin(long seconds, Callable<Boolean> state) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
        while (!state.call()) {
            assertTrue(System.nanoTime() < deadline, "not within " + seconds + " s");
        }
    }
}
