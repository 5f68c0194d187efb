package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.ToIntFunction;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Clients that send with keys and never give up, while the server is killed again and again, also before it listens, or
 * connections break, or both; {@code tail -F} and a reader that follows by inode read along. Each message that was ever
 * sent is in the log once, and each reader has seen it. Two rounds of each, or more:
 *
 * <pre>mvn -pl web -am test -Dtest=KeyedCrashTest -Dsurefire.failIfNoSpecifiedTests=false -Dcrash.rounds=200</pre>
 *
 * {@code -Dcrash.seed} repeats what is drawn at random; the threads' schedule differs.
 */
final class KeyedCrashTest {

    private static final int ROUNDS = Integer.getInteger("crash.rounds", 2);
    private static final long SEED = Long.getLong("crash.seed", System.nanoTime());
    private static final int CLIENTS = 8;

    @RegisterExtension
    static final Proof PROOF = new Proof(
            "KILL",
            "server killed, also while it starts, and connections broken; clients repeat with keys until answered",
            "mvn -pl web test -Dtest=KeyedCrashTest -Dcrash.rounds=" + ROUNDS);

    private static final int LATEST_MOMENT_MILLIS = 600;
    private static final String ROLL_SIZE = "--roll-size=400000"; // some 3,000 messages
    private static final int EARLY_OUT_OF = 4;
    private static final int KILLED_AT_START_OUT_OF = 4;

    private final Random random = new Random(SEED);
    private volatile Optional<Service> service = Optional.empty(); // that is up
    private final List<LogReader> readers = new ArrayList<>();
    private int startMillis = 1_000; // that the last start took
    private int kills;
    private int killsAtStart;

    @ParameterizedTest(name = "kills: {0}, rough connections: {1}")
    @CsvSource({"true, false", "false, true", "true, true"})
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void ofKeyedClientsThatNeverGiveUpEachMessageIsInTheLogOnce(boolean killed, boolean rough, @TempDir Path home)
            throws Exception {
        try (RoughProxy register = new RoughProxy(new Random(random.nextLong()), () -> port(Service::registerPort));
                RoughProxy message = new RoughProxy(new Random(random.nextLong()), () -> port(Service::messagePort));
                KeyedClients clients = new KeyedClients(
                        CLIENTS,
                        random,
                        () -> service.map(up -> rough ? new Service(register.port(), message.port()) : up))) {
            if (killed) {
                for (int round = 0; round < ROUNDS; round++) {
                    runAndKill(home, clients);
                }
            }
            try (ServerProcess server = ServerProcess.start(home, ROLL_SIZE, "--compress-rolled")) {
                begin(server, home);
                clients.awaitAnswers(10 * CLIENTS);
                assertFalse(server.endsWithin(killed ? 0 : ROUNDS * LATEST_MOMENT_MILLIS), "ended by itself");
                clients.finish();
                String figures = clients.assertLoggedOnce(LoggedMessage.readAll(home), PROOF);
                assertReadersSawAll(home);
                System.out.printf(
                        Locale.ROOT,
                        "crash test with keys, seed %d: %d kills under load, %d at start, %d connections cut; %s;"
                                + " seen by each of %d readers in %d files%n",
                        SEED,
                        kills,
                        killsAtStart,
                        register.cuts() + message.cuts(),
                        figures,
                        readers.size(),
                        LoggedMessage.files(home).size());
                clients.assertCodesAccepted(server.service(), PROOF);
            }
        } finally {
            for (LogReader each : readers) {
                each.close();
            }
        }
    }

    private OptionalInt port(ToIntFunction<Service> which) {
        return service.map(up -> OptionalInt.of(which.applyAsInt(up))).orElse(OptionalInt.empty());
    }

    private void runAndKill(Path home, KeyedClients clients) throws IOException, InterruptedException {
        if (kills == 0 || random.nextInt(KILLED_AT_START_OUT_OF) == 0) {
            ServerProcess.killWhileItStarts(home, random.nextInt(startMillis));
            killsAtStart++;
            PROOF.harmed(1);
        }
        long begun = System.nanoTime();
        try (ServerProcess server = ServerProcess.start(home, ROLL_SIZE, "--compress-rolled")) {
            startMillis = (int) TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
            begin(server, home);
            if (random.nextInt(EARLY_OUT_OF) > 0) {
                clients.awaitAnswers(10 * CLIENTS);
            }
            assertFalse(server.endsWithin(random.nextInt(LATEST_MOMENT_MILLIS)), "ended by itself");
            service = Optional.empty();
            server.kill();
            kills++;
            PROOF.harmed(1);
        }
    }

    private void begin(ServerProcess server, Path home) throws IOException {
        if (readers.isEmpty()) {
            readers.add(LogReader.tail(LoggedMessage.file(home)));
            readers.add(LogReader.byInode(LoggedMessage.file(home)));
        }
        service = Optional.of(server.service());
    }

    private void assertReadersSawAll(Path home) throws IOException {
        List<String> lines = new ArrayList<>();
        for (Path file : LoggedMessage.files(home)) {
            lines.addAll(LoggedMessage.lines(file, LogReader.BYTES));
        }
        Set<String> durable = new HashSet<>(lines);
        for (LogReader each : readers) {
            each.awaitLine(lines.get(lines.size() - 1));
            each.assertSaw(durable);
        }
    }
}
