package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills the server at random moments, again and again, while clients send to it. Ten rounds, or more:
 *
 * <pre>mvn -pl web -am test -Dtest=CrashTest -Dsurefire.failIfNoSpecifiedTests=false -Dcrash.rounds=100</pre>
 */
final class CrashTest {

    private static final int ROUNDS = Integer.getInteger("crash.rounds", 10);
    private static final int CLIENTS = 8;

    @RegisterExtension
    static final Proof PROOF = new Proof(
            "KILL",
            "server killed under load; files of the log roll, are packed and removed",
            "mvn -pl web test -Dtest=CrashTest -Dcrash.rounds=" + ROUNDS);

    private static final int LATEST_MOMENT_MILLIS = 500;

    /** A file has some 500 messages. */
    private static final String[] ROLLING = {"--roll-size=65536", "--compress-rolled"};

    private static final String[] REMOVING = {"--roll-size=65536", "--compress-rolled", "--keep-bytes=20000"};

    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void whatWasAcknowledgedSurvivesKill9(@TempDir Path home) throws Exception {
        List<SendingClient> clients = IntStream.range(0, CLIENTS)
                .mapToObj(i -> new SendingClient("client-" + i + "-"))
                .toList();

        for (int round = 0; round < ROUNDS; round++) {
            try (ServerProcess server = ServerProcess.start(home, ROLLING)) {
                sendUntilItIsKilled(clients, server, 10);
            }
        }

        try (ServerProcess server = ServerProcess.start(home)) {
            Ledger ledger = Ledger.of(clients, LoggedMessage.readAll(home));
            long codesLost = codesNoLongerAccepted(clients, server.service());
            System.out.printf(
                    "crash test: %d rounds, %d files, %d messages and %d registrations acknowledged, %d and %d lost%n",
                    ROUNDS,
                    LoggedMessage.files(home).size(),
                    ledger.acknowledged(),
                    ledger.registrations(),
                    ledger.lost().size(),
                    codesLost);
            PROOF.lookedFor(
                    ledger.acknowledged() + ledger.registrations(),
                    ledger.lost().size() + codesLost,
                    ledger.doubled());
            ledger.assertKept();
            assertTrue(!Engines.areFiles() || LoggedMessage.files(home).size() > 1, "it has not rolled");
            assertEquals(0, codesLost, "registrations lost");
        }
    }

    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void whatIsKeptOfALogWhoseOldestFilesAreRemovedSurvivesKill9(@TempDir Path home) throws Exception {
        Engines.assumeFiles();
        List<SendingClient> clients = IntStream.range(0, CLIENTS)
                .mapToObj(i -> new SendingClient("client-" + i + "-"))
                .toList();
        for (int round = 0; round < (ROUNDS + 1) / 2; round++) {
            try (ServerProcess server = ServerProcess.start(home, REMOVING)) {
                sendUntilItIsKilled(clients, server, 100); // more than a file
            }
        }
        ServerProcess.start(home).close(); // the start makes the log whole, and this one removes nothing

        List<LoggedMessage> log = LoggedMessage.readAll(home);
        long first = Long.parseLong(log.get(0).receipt());
        assertTrue(first > 1, "nothing was removed");
        assertEquals(
                LongStream.range(first, first + log.size())
                        .mapToObj(Long::toString)
                        .toList(),
                log.stream().map(LoggedMessage::receipt).toList());
        Set<String> removed = new HashSet<>();
        Set<LoggedMessage> kept = new HashSet<>();
        for (SendingClient client : clients) {
            for (LoggedMessage each : client.acknowledged()) {
                long receipt = Long.parseLong(each.receipt());
                if (receipt < first) {
                    assertTrue(removed.add(each.receipt()), "receipt " + receipt + " was given twice");
                } else {
                    kept.add(each);
                }
            }
        }
        int due = kept.size();
        log.forEach(kept::remove);
        PROOF.lookedFor(due, kept.size(), Ledger.doubled(log));
        assertEquals(Set.of(), kept, "lost");
        assertEquals(0, Ledger.doubled(log), "logged again");
        CommandsTest.Outcome verified = CommandsTest.runAt(home, "verify");
        assertEquals(0, verified.exitCode(), verified.out());
    }

    private static void sendUntilItIsKilled(List<SendingClient> clients, ServerProcess server, int answersEach)
            throws InterruptedException, ExecutionException {
        CountDownLatch underWay = new CountDownLatch(answersEach * CLIENTS);
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        try {
            List<Future<Optional<Answer>>> sending = clients.stream()
                    .map(client -> threads.submit(() -> sendUntilItIsKilled(client, server.service(), underWay)))
                    .toList();
            assertTrue(underWay.await(60, TimeUnit.SECONDS), "no client gets on");
            int moment = ThreadLocalRandom.current().nextInt(LATEST_MOMENT_MILLIS);
            assertFalse(server.endsWithin(moment), "ended by itself");
            server.kill();
            PROOF.harmed(1);
            for (Future<Optional<Answer>> one : sending) {
                assertEquals(Optional.empty(), one.get(), "refused");
            }
        } finally {
            threads.shutdown();
        }
    }

    private static Optional<Answer> sendUntilItIsKilled(
            SendingClient client, Service service, CountDownLatch underWay) {
        BooleanSupplier never = () -> {
            underWay.countDown();
            return false;
        };
        try {
            return client.sendUntil(never, service);
        } catch (IOException e) {
            return Optional.empty(); // killed
        }
    }

    private static long codesNoLongerAccepted(List<SendingClient> clients, Service service) throws IOException {
        long lost = 0;
        try (Connection connection = new Connection(service.messagePort())) {
            for (SendingClient client : clients) {
                for (Map.Entry<String, String> code : client.codes().entrySet()) {
                    String json = Json.message(code.getKey(), code.getValue(), "still me");
                    if (connection.exchange(Connection.post("/message", json)).status() != 201) {
                        lost++;
                    }
                }
            }
        }
        return lost;
    }
}
