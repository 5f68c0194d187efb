package dev.countersign.client;

import static java.util.Comparator.comparing;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * What PostgreSQL and Kafka cost instead of a home, and what HAProxy adds. Three servers are asked by way of HAProxy; one
 * server is asked directly and by way of HAProxy: first one by one, for the latency; then by 16 clients at once, for the
 * CPU time of each process. With {@code -Dcluster.report=FOLDER}, relative to the project's folder, the figures are
 * written there, for the report.
 *
 * <pre>mvn -Pcluster -pl client test -Dtest=HopsTest -Dcluster.hops=2000 -Dcluster.report=reports/data</pre>
 */
@Tag("cluster")
@EnabledIfSystemProperty(
        named = "cluster.hops",
        matches = "\\d+",
        disabledReason = "a measurement: -Dcluster.hops=2000")
final class HopsTest {

    private static final int ONE_BY_ONE = Integer.getInteger("cluster.hops", 0);
    private static final int CLIENTS = 16;
    private static final int AT_ONCE = ONE_BY_ONE / 4; // of each client
    private static final int WARM_UPS = 2;

    private final List<Hops.Hop> found = new ArrayList<>();

    /** The request that is measured, by the client with this number. */
    private interface Request {
        void make(int number) throws CountersignException;
    }

    @Test
    void measuresWhatEachHopCosts(@TempDir Path folder) throws Exception {
        assumeTrue(Files.isExecutable(Cluster.HAPROXY), "skipped: HAProxy is not installed (" + Cluster.HAPROXY + ")");
        Hops.Place here = Hops.Place.here();
        try (Cluster cluster = new Cluster(folder)) {
            for (int server = 0; server < Cluster.SIZE; server++) {
                warmUp(server, cluster);
            }
            measure("three servers, Kafka and PostgreSQL, behind HAProxy", cluster.clientBuilder(), cluster);
            cluster.killServer(1);
            cluster.killServer(2);
            measureDirectlyAndByHaproxy("Kafka and PostgreSQL", cluster);
            cluster.killServer(0);
            for (int broker = 0; broker < Cluster.SIZE; broker++) {
                cluster.killBroker(broker); // they use CPU time when idle, too
            }
            cluster.startOnFiles(0);
            warmUp(0, cluster);
            measureDirectlyAndByHaproxy("files and SQLite", cluster);
        }
        found.sort(
                comparing(Hops.Hop::servers, String.CASE_INSENSITIVE_ORDER)); // from the fewest processes to the most
        if (System.getProperty("cluster.report") != null) {
            new Hops(here, ONE_BY_ONE, CLIENTS, found)
                    .write(Path.of("..", System.getProperty("cluster.report"), "hops.json"));
        }
    }

    private void warmUp(int server, Cluster cluster) throws Exception {
        for (int time = 0; time < WARM_UPS; time++) {
            measure("warm-up", cluster.clientBuilder(server), cluster);
        }
        found.removeIf(hop -> hop.servers().equals("warm-up"));
    }

    private void measureDirectlyAndByHaproxy(String servers, Cluster cluster) throws Exception {
        measure("one server, " + servers, cluster.clientBuilder(0), cluster);
        measure("one server, " + servers + ", behind HAProxy", cluster.clientBuilder(), cluster);
    }

    private void measure(String servers, CountersignClientBuilder builder, Cluster cluster) throws Exception {
        try (CountersignClient client = builder.maxConnections(CLIENTS).build()) {
            List<Credentials> senders = new ArrayList<>();
            for (int number = 0; number < CLIENTS; number++) {
                senders.add(client.register(UUID.randomUUID().toString()));
            }
            measure(servers, "message", number -> client.send(senders.get(number), "any text"), cluster);
            measure(
                    servers,
                    "registration",
                    number -> client.register(UUID.randomUUID().toString()),
                    cluster);
        }
    }

    private void measure(String servers, String name, Request request, Cluster cluster) throws Exception {
        long[] nanos = new long[ONE_BY_ONE];
        for (int i = 0; i < ONE_BY_ONE; i++) {
            long begun = System.nanoTime();
            request.make(0);
            nanos[i] = System.nanoTime() - begun;
        }
        Arrays.sort(nanos);
        Map<String, Duration> before = cluster.cpu();
        long begun = System.nanoTime();
        atOnce(request);
        double seconds = (System.nanoTime() - begun) / 1e9;
        Map<String, Long> cpuMicros = new LinkedHashMap<>();
        cluster.cpu().forEach((process, cpu) -> {
            if (isPassed(process, name, servers)) {
                cpuMicros.put(process, cpu.minus(before.get(process)).toNanos() / 1_000 / (CLIENTS * AT_ONCE));
            }
        });
        Hops.Hop hop = new Hops.Hop(
                servers,
                name,
                nanos[ONE_BY_ONE / 2] / 1_000,
                nanos[ONE_BY_ONE * 99 / 100] / 1_000,
                Math.round(CLIENTS * AT_ONCE / seconds),
                cpuMicros);
        System.out.println(hop);
        found.add(hop);
    }

    /** The others run beside a request, too, and use a little CPU time of their own. */
    private static boolean isPassed(String process, String request, String servers) {
        return switch (process) {
            case "brokers" -> servers.contains("Kafka") && request.equals("message");
            case "PostgreSQL" -> servers.contains("PostgreSQL") && request.equals("registration");
            default -> process.equals("server") || servers.contains(process);
        };
    }

    private static void atOnce(Request request) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        try {
            List<Callable<Void>> clients = new ArrayList<>();
            for (int client = 0; client < CLIENTS; client++) {
                int number = client;
                clients.add(() -> {
                    for (int i = 0; i < AT_ONCE; i++) {
                        request.make(number);
                    }
                    return null;
                });
            }
            for (Future<Void> each : threads.invokeAll(clients)) {
                each.get();
            }
        } finally {
            threads.shutdownNow();
        }
    }
}
