package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Clients that would hold up the thread that writes the log, if it served whatever they send. */
final class ServerThreadsTest {

    private static final int OTHERS = 3;
    private static final int MESSAGES = 100;
    private static final int HEALTH_ANSWER_BYTES = 110;

    /** Requests of others that a message waits for, on average: some 50 were seen, 300 where a connection is served on. */
    private static final int FEW = 150;

    @TempDir
    static Path home;

    @RegisterExtension
    static final RunningServer server = new RunningServer(() -> home);

    @Test
    void clientsThatSendOnAndOnTakeTurnsWithOthers() throws Exception {
        String code = server.service().register("good");
        byte[] message = Connection.post("/message", Json.message("good", code, "hello"));
        byte[] health = Connection.bytes("GET /health HTTP/1.1\r\nHost: x\r\n\r\n".repeat(1_000));
        AtomicBoolean over = new AtomicBoolean();
        AtomicLong sent = new AtomicLong();
        AtomicLong answered = new AtomicLong();
        List<Thread> threads = new ArrayList<>();
        List<Connection> connections = new ArrayList<>();
        try {
            for (int i = 0; i < OTHERS; i++) {
                Connection endless = new Connection(server.messagePort());
                connections.add(endless);
                assertEquals(201, endless.exchange(message).status()); // from now on the writer answers it
                threads.add(start(() -> {
                    endless.send(message);
                    while (!over.get()) {
                        endless.send(health);
                        sent.incrementAndGet();
                    }
                }));
                threads.add(start(() -> {
                    while (!over.get()) {
                        answered.addAndGet(endless.discardAnswers());
                    }
                }));
            }
            while (sent.get() < 10 * OTHERS) {
                Thread.onSpinWait(); // until all of them are at it
            }
            long before = answered.get();
            try (Connection good = new Connection(server.messagePort())) {
                for (int i = 0; i < MESSAGES; i++) {
                    assertEquals(201, good.exchange(message).status());
                }
            }
            long requests = (answered.get() - before) / HEALTH_ANSWER_BYTES / MESSAGES;
            assertTrue(requests < FEW, () -> "waited for " + requests + " requests of others");
        } finally {
            over.set(true);
            for (Connection connection : connections) {
                connection.close();
            }
            for (Thread thread : threads) {
                thread.join();
            }
        }
    }

    @Test
    void clientsThatNeverReadTheirAnswersHoldNobodyUp() throws Exception {
        String code = server.service().register("reader");
        byte[] message = Connection.post("/message", Json.message("reader", code, "hello"));
        AtomicBoolean over = new AtomicBoolean();
        List<Thread> threads = new ArrayList<>();
        List<Connection> connections = new ArrayList<>();
        try {
            for (int i = 0; i < OTHERS; i++) {
                Connection deaf = new Connection(server.messagePort());
                connections.add(deaf);
                threads.add(start(() -> {
                    while (!over.get()) {
                        deaf.send(message);
                    }
                }));
            }
            try (Connection good = new Connection(server.messagePort())) {
                for (int i = 0; i < MESSAGES; i++) {
                    assertEquals(201, good.exchange(message).status());
                }
            }
        } finally {
            over.set(true);
            for (Connection connection : connections) {
                connection.close();
            }
            for (Thread thread : threads) {
                thread.join();
            }
        }
    }

    private interface Client {
        void run() throws IOException;
    }

    private static Thread start(Client client) {
        Thread thread = new Thread(() -> {
            try {
                client.run();
            } catch (IOException e) {
                // closed at the end
            }
        });
        thread.start();
        return thread;
    }
}
