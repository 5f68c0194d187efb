package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.net.ConnectException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import java.util.stream.IntStream;

/**
 * Sends each request with a key, and repeats it until it is answered: it never gives up. Its requests follow one another
 * on one connection, up to 8 of them before the first is answered, which is as far as the server's memory of keys goes.
 * For one thread at a time.
 */
final class KeyedClient {

    private static final int REQUESTS_AN_ID = 40;
    private static final int MAX_UNANSWERED = 8;

    private final String name;
    private final Random random;
    private final Supplier<Optional<Service>> service;
    private final AtomicLong answers;
    private final Map<String, String> codes = new LinkedHashMap<>(); // by id
    private final List<List<LoggedMessage>> acknowledged = new ArrayList<>();
    private int requests;
    private int replays;
    private int repeats;

    /**
     * @param name its ids begin with it
     * @param service asked for each connection; empty while there is none
     * @param answers counts the answers to messages
     */
    KeyedClient(String name, Random random, Supplier<Optional<Service>> service, AtomicLong answers) {
        this.name = name;
        this.random = random;
        this.service = service;
        this.answers = answers;
    }

    private record Request(String id, String key, List<String> texts, byte[] bytes) {

        /** The lines that the log has to have of it. */
        List<LoggedMessage> logged(List<String> receipts, String time) {
            assertEquals(texts.size(), receipts.size(), "receipts");
            return IntStream.range(0, texts.size())
                    .mapToObj(i -> new LoggedMessage(
                            receipts.get(i),
                            time,
                            id,
                            Optional.of(key),
                            texts.size() == 1 ? Optional.empty() : Optional.of(i + 1 + "/" + texts.size()),
                            texts.get(i)))
                    .toList();
        }
    }

    /** Sends until told to stop, and then until all that it has ever sent is answered. */
    void sendUntil(BooleanSupplier done) {
        while (!done.getAsBoolean()) {
            String id = name + "-" + codes.size();
            codes.put(id, register(id));
            sendAs(id, done);
        }
    }

    private String register(String id) {
        byte[] request = Connection.post("/register", "Idempotency-Key: register-" + id, Json.registration(id));
        while (true) {
            try (Connection connection = new Connection(connected().registerPort())) {
                Answer answer = connection.exchange(request);
                retryIfUnavailable(answer);
                assertEquals(201, answer.status(), answer::text);
                return answer.member("code");
            } catch (IOException e) {
                tryAgainLater();
            }
        }
    }

    private void sendAs(String id, BooleanSupplier done) {
        int left = REQUESTS_AN_ID;
        Deque<Request> unanswered = new ArrayDeque<>();
        while (true) {
            try (Connection connection = new Connection(connected().messagePort())) {
                for (Request each : unanswered) {
                    connection.send(each.bytes());
                    repeats++;
                }
                while (left > 0 && !done.getAsBoolean() || !unanswered.isEmpty()) {
                    int limit = 1 + random.nextInt(MAX_UNANSWERED);
                    if (left > 0 && !done.getAsBoolean() && unanswered.size() < limit) {
                        left--;
                        unanswered.add(next(id));
                        connection.send(unanswered.getLast().bytes());
                    } else if (!unanswered.isEmpty()) {
                        note(unanswered.getFirst(), connection.receive());
                        unanswered.removeFirst();
                    }
                }
                return;
            } catch (IOException e) {
                tryAgainLater();
            }
        }
    }

    private Service connected() throws IOException {
        return service.get().orElseThrow(() -> new ConnectException("the server is down"));
    }

    private static void retryIfUnavailable(Answer answer) throws IOException {
        if (answer.status() == 503) {
            throw new IOException(answer.text());
        }
    }

    /** The pause lets a request that the server has already got go before its own repeat. */
    private void tryAgainLater() {
        if (Thread.currentThread().isInterrupted()) {
            throw new CancellationException("the test has ended");
        }
        LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(20 + random.nextInt(50)));
    }

    private void note(Request request, Answer answer) throws IOException {
        retryIfUnavailable(answer);
        boolean replayed = answer.header("Idempotency-Replayed").equals(Optional.of("true"));
        assertEquals(replayed ? 200 : 201, answer.status(), answer::text);
        List<String> receipts = new ArrayList<>();
        if (request.texts().size() == 1) {
            receipts.add(answer.member("receipt"));
        } else {
            answer.json().required("receipts").forEach(receipt -> receipts.add(receipt.stringValue()));
        }
        acknowledged.add(request.logged(receipts, answer.member("time")));
        answers.incrementAndGet();
        replays += replayed ? 1 : 0;
    }

    private Request next(String id) {
        int number = ++requests;
        int count = random.nextInt(200) == 0 ? 100 : random.nextBoolean() ? 1 : 2 + random.nextInt(4);
        List<String> texts =
                IntStream.range(0, count).mapToObj(i -> text(number, i)).toList();
        String key = "k-" + number;
        String json =
                count == 1 ? Json.message(id, codes.get(id), texts.get(0)) : Json.messages(id, codes.get(id), texts);
        return new Request(id, key, texts, Connection.post("/message", "Idempotency-Key: " + key, json));
    }

    /** One that nobody else sends. */
    private String text(int number, int part) {
        int length = random.nextInt(20) == 0 ? random.nextInt(3_000) : random.nextInt(30);
        return name + " " + number + "." + part + "\n\u2028\ud83d\ude00" + "x".repeat(length);
    }

    /** The code of each id that it has. */
    Map<String, String> codes() {
        return codes;
    }

    /** The lines of each request, in the order of the answers. */
    List<List<LoggedMessage>> acknowledged() {
        return acknowledged;
    }

    /** Requests that were logged at an earlier try. */
    int replays() {
        return replays;
    }

    /** Requests sent again: each time counts. */
    int repeats() {
        return repeats;
    }
}
