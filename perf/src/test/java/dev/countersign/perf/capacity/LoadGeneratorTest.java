package dev.countersign.perf.capacity;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.countersign.perf.server.JavaCommand;
import dev.countersign.perf.server.ServerProcess;
import dev.countersign.web.Main;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoadGeneratorTest {
    private static final Credential CLIENT = new Credential("alice", "secret");

    private final AtomicInteger received = new AtomicInteger();
    private final ExecutorService threads = Executors.newCachedThreadPool();
    private HttpServer server;

    @BeforeEach
    void start() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 100);
        server.setExecutor(threads);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
        threads.shutdownNow();
    }

    @Test
    void inAClosedLoopEveryRequestIsAnsweredAndCounted() throws IOException {
        server.createContext("/message", exchange -> answer(exchange, 201, ""));

        try (LoadGenerator load = connect(4)) {
            Turn turn = load.closedLoop(4, Duration.ofMillis(100));

            assertEquals(received.get(), turn.answered());
            assertEquals(turn.answered(), turn.latencies().getTotalCount());
            assertTrue(turn.inTime() > 0 && turn.answered() - turn.inTime() <= 4, turn::toString);
            assertEquals(0, turn.errors());
        }
    }

    @Test
    void connectionsThatAreNotBusySendNothing() throws IOException {
        server.createContext("/message", exchange -> answer(exchange, 201, ""));

        try (LoadGenerator load = connect(4)) {
            assertEquals(0, load.closedLoop(0, Duration.ofMillis(100)).answered());
            assertEquals(0, received.get());
        }
    }

    @Test
    void anyOtherStatusIsAnError() throws IOException {
        server.createContext("/message", exchange -> answer(exchange, 503, ""));

        try (LoadGenerator load = connect(1)) {
            Turn turn = load.closedLoop(1, Duration.ofMillis(100));

            assertEquals(0, turn.answered());
            assertEquals(received.get(), turn.errors());
        }
    }

    @Test
    void aConnectionThatBreaksIsAnErrorAndEndsTheTurnOfTheOnlyOne() throws IOException {
        server.createContext("/message", HttpExchange::close);

        try (LoadGenerator load = connect(1)) {
            assertEquals(1, load.closedLoop(1, Duration.ofMinutes(1)).errors());
        }
    }

    @Test
    void latencyAtAFixedRateCountsFromWhenARequestWasDue() throws IOException {
        CountDownLatch never = new CountDownLatch(1);
        server.createContext("/message", exchange -> {
            if (received.get() == 0) {
                await(never, Duration.ofMillis(500));
            }
            answer(exchange, 201, "");
        });

        try (LoadGenerator load = connect(1)) {
            Histogram latencies = load.openRate(100, Duration.ofSeconds(1)).latencies();

            // while the server stood still for half a second, fifty requests fell due on the only connection
            assertEquals(100, latencies.getTotalCount());
            assertTrue(latencies.getMaxValue() >= 500_000);
            assertTrue(latencies.getCountBetweenValues(100_000, latencies.getMaxValue()) >= 39);
        }
    }

    @Test
    void overTlsServerAndEmptyServletAnswer(@TempDir Path folder) throws Exception {
        Keystore keystore = new Keystore(folder.resolve("keystore"));
        keystore.make();
        for (Class<?> main : List.of(Main.class, EmptyServlet.class)) {
            List<String> command = keystore.addTo(JavaCommand.of(main));
            try (ServerProcess secure = ServerProcess.start(command, folder.resolve(main.getSimpleName()));
                    LoadGenerator load = Workload.messages(64, 3).connect(secure)) {
                Turn turn = load.closedLoop(3, Duration.ofMillis(200));

                assertTrue(secure.isTls());
                assertTrue(turn.answered() > 3, turn::toString);
                assertEquals(0, turn.errors());
                assertEquals(100, load.openRate(1000, Duration.ofMillis(100)).answered());
            }
        }
    }

    @Test
    void bodiesComeInTheOrderOfTheConnections() throws IOException {
        server.createContext("/register", exchange -> answer(exchange, 201, id(exchange)));
        List<String> sent = new ArrayList<>();
        List<Supplier<ByteBuffer>> requests = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            ByteBuffer request =
                    Requests.registrations(false, new SplittableRandom(i)).get();
            sent.add(body(UTF_8.decode(request.duplicate()).toString()));
            requests.add(() -> request);
        }

        try (LoadGenerator load = LoadGenerator.connect(server.getAddress(), false, requests, HttpAnswer::new)) {
            assertEquals(5, load.once(2).answered());
            assertEquals(sent, load.bodies());
        }
    }

    @Test
    void whatComesAfterAConnectionThatBreaksCountsAsErrorsToo() throws IOException {
        server.createContext("/message", HttpExchange::close);

        try (LoadGenerator load = connect(3)) {
            assertEquals(3, load.once(1).errors());
        }
    }

    private LoadGenerator connect(int connections) throws IOException {
        List<Supplier<ByteBuffer>> requests = new ArrayList<>();
        for (int i = 0; i < connections; i++) {
            requests.add(Requests.messages(Workload.messages(64, 1), List.of(CLIENT), new SplittableRandom(i)));
        }
        return LoadGenerator.connect(server.getAddress(), false, requests, HttpAnswer::new);
    }

    private void answer(HttpExchange exchange, int status, String body) throws IOException {
        exchange.getRequestBody().readAllBytes();
        received.incrementAndGet();
        exchange.sendResponseHeaders(status, body.isEmpty() ? -1 : body.length());
        exchange.getResponseBody().write(body.getBytes(UTF_8));
        exchange.close();
    }

    private static String id(HttpExchange exchange) throws IOException {
        return new String(exchange.getRequestBody().readAllBytes(), UTF_8);
    }

    private static String body(String request) {
        return request.substring(request.indexOf('{'));
    }

    private static void await(CountDownLatch latch, Duration atMost) {
        try {
            latch.await(atMost.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
