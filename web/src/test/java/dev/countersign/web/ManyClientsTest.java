package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.Home;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Many clients at once for a few seconds, each over connections of its own. */
final class ManyClientsTest {

    private static final Duration LASTING = Duration.ofSeconds(2);

    @ParameterizedTest
    @ValueSource(ints = {50, 500})
    void everyMessageIsAcknowledgedAndInTheLogOnceEqualAndInOrder(int count, @TempDir Path home) throws Exception {
        List<SendingClient> clients = IntStream.range(0, count)
                .mapToObj(i -> new SendingClient("client-" + i + "-"))
                .toList();

        try (CountersignServer server = CountersignServer.start(Home.open(home), Settings.local())) {
            sendAtOnce(clients, Service.of(server));
        }

        Ledger ledger = Ledger.of(clients, LoggedMessage.readAll(home));
        ledger.assertKept();
        assertEquals(Set.of(), ledger.unacknowledged());
        Set<String> codes = new HashSet<>();
        for (SendingClient client : clients) {
            assertTrue(client.acknowledged().size() > 1, "a client that came to nothing");
            codes.addAll(client.codes().values());
        }
        assertEquals(ledger.registrations(), codes.size(), "distinct codes");
    }

    /** Fails where any of them is refused, or has its connection broken. */
    private static void sendAtOnce(List<SendingClient> clients, Service service) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(clients.size());
        try {
            CountDownLatch allThere = new CountDownLatch(clients.size());
            List<Future<Optional<Answer>>> sending = new ArrayList<>();
            for (SendingClient client : clients) {
                sending.add(threads.submit(() -> {
                    allThere.countDown();
                    allThere.await();
                    long end = System.nanoTime() + LASTING.toNanos();
                    BooleanSupplier done = () ->
                            System.nanoTime() - end > 0 && client.acknowledged().size() > 1;
                    return client.sendUntil(done, service);
                }));
            }
            for (Future<Optional<Answer>> one : sending) {
                assertEquals(Optional.empty(), one.get());
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
