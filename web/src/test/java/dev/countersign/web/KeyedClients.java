package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Supplier;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;

/** Some {@link KeyedClient}s at work, each in a thread of its own, until they are told to finish. */
final class KeyedClients implements AutoCloseable {

    private static final int PATIENCE_SECONDS = 60;

    private final AtomicLong answers = new AtomicLong();
    private final AtomicBoolean done = new AtomicBoolean();
    private final ExecutorService threads;
    private final List<KeyedClient> clients;
    private final List<Future<?>> sending = new ArrayList<>();

    /** @param service asked for each connection; empty while there is none */
    KeyedClients(int count, Random random, Supplier<Optional<Service>> service) {
        clients = IntStream.range(0, count)
                .mapToObj(i -> new KeyedClient("client-" + i, new Random(random.nextLong()), service, answers))
                .toList();
        threads = Executors.newFixedThreadPool(count);
        clients.forEach(client -> sending.add(threads.submit(() -> client.sendUntil(done::get))));
    }

    /** Returns when so many requests more have been answered. */
    void awaitAnswers(int count) {
        long until = answers.get() + count;
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (answers.get() < until) {
            assertTrue(System.nanoTime() < deadline, "no client gets on");
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }

    /** Returns when all that was ever sent is answered; throws what went wrong for any client. */
    void finish() throws InterruptedException, ExecutionException {
        done.set(true);
        for (Future<?> each : sending) {
            each.get();
        }
    }

    /**
     * The log has all that was ever sent, each text once and as it was acknowledged, the texts of a request next to each
     * other; and nothing else. To be asked when the clients have finished.
     *
     * @return the figures, in a line
     */
    String assertLoggedOnce(List<LoggedMessage> log, Proof proof) {
        Map<String, Integer> places = new HashMap<>();
        Set<String> texts = new HashSet<>();
        long doubled = 0;
        for (int i = 0; i < log.size(); i++) {
            doubled += texts.add(log.get(i).message()) ? 0 : 1;
            places.put(log.get(i).receipt(), i);
        }
        long sent = 0;
        long lost = 0;
        long scattered = 0;
        for (List<LoggedMessage> request : acknowledged()) {
            int first = places.getOrDefault(request.get(0).receipt(), log.size());
            for (int i = 0; i < request.size(); i++) {
                sent++;
                lost += texts.contains(request.get(i).message()) ? 0 : 1;
                boolean isThere = first + i < log.size() && log.get(first + i).equals(request.get(i));
                scattered += isThere ? 0 : 1;
            }
        }
        String figures = String.format(
                Locale.ROOT,
                "%d messages in %d requests of %d ids sent and acknowledged, %d times a request was sent again and %d of"
                        + " them had been logged; lost %d, doubled %d, not as acknowledged %d",
                sent,
                acknowledged().size(),
                sum(client -> client.codes().size()),
                sum(KeyedClient::repeats),
                sum(KeyedClient::replays),
                lost,
                doubled,
                scattered);
        proof.lookedFor(sent, lost, doubled);
        assertEquals(0, lost, figures);
        assertEquals(0, doubled, figures);
        assertEquals(0, scattered, figures);
        assertEquals(sent, log.size(), figures);
        assertEquals(log.size(), places.size(), "receipts");
        assertTrue(sent > 0, "nobody got on");
        return figures;
    }

    private int sum(ToIntFunction<KeyedClient> figure) {
        return clients.stream().mapToInt(figure).sum();
    }

    private List<List<LoggedMessage>> acknowledged() {
        return clients.stream()
                .flatMap(client -> client.acknowledged().stream())
                .toList();
    }

    /** Every code that was answered opens its id. */
    void assertCodesAccepted(Service service, Proof proof) throws IOException {
        Map<String, Integer> refused = new HashMap<>(); // status by id
        try (Connection connection = new Connection(service.messagePort())) {
            for (KeyedClient client : clients) {
                for (Map.Entry<String, String> code : client.codes().entrySet()) {
                    String json = Json.message(code.getKey(), code.getValue(), "still me");
                    Answer answer = connection.exchange(Connection.post("/message", json));
                    if (answer.status() != 201) {
                        refused.put(code.getKey(), answer.status());
                    }
                }
            }
        }
        proof.lookedFor(sum(client -> client.codes().size()), refused.size(), 0);
        assertEquals(Map.of(), refused, "codes that are not accepted");
    }

    @Override
    public void close() {
        done.set(true);
        threads.shutdownNow();
    }
}
