package dev.countersign.client;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;

/**
 * What PostgreSQL and Kafka cost instead of a home, and what HAProxy adds. One server is asked directly and by way of
 * HAProxy: first one by one, for the latency; then by 16 clients at once, for the CPU time of each process.
 *
 * <pre>mvn -Pcluster -pl client test -Dtest=HopsTest -Dcluster.hops=2000</pre>
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

    /** The request that is measured, by the client with this number. */
    private interface Request {
        void make(int number) throws CountersignException;
    }

    @Test
    void printsWhatEachHopCosts(@TempDir Path folder) throws Exception {
        assumeTrue(Files.isExecutable(Cluster.HAPROXY), "skipped: HAProxy is not installed (" + Cluster.HAPROXY + ")");
        try (Cluster cluster = new Cluster(folder)) {
            System.out.println(
                    "| engines | by HAProxy | request | p50 ms | p99 ms | requests a second | CPU us a request: server"
                            + " | HAProxy | brokers | PostgreSQL |");
            cluster.killServer(1);
            cluster.killServer(2);
            measure("PostgreSQL, Kafka", cluster);
            cluster.killServer(0);
            for (int broker = 0; broker < Cluster.SIZE; broker++) {
                cluster.killBroker(broker); // they use CPU time when idle, too
            }
            cluster.startOnFiles(0);
            measure("files", cluster);
        }
    }

    private void measure(String engines, Cluster cluster) throws Exception {
        try (CountersignClient direct =
                        cluster.clientBuilder(0).maxConnections(CLIENTS).build();
                CountersignClient balanced =
                        cluster.clientBuilder().maxConnections(CLIENTS).build()) {
            measure(false, "", direct, cluster); // warms up
            measure(true, "| " + engines + " | no |", direct, cluster);
            measure(true, "| " + engines + " | yes |", balanced, cluster);
        }
    }

    private void measure(boolean print, String way, CountersignClient client, Cluster cluster) throws Exception {
        List<Credentials> senders = new ArrayList<>();
        for (int number = 0; number < CLIENTS; number++) {
            senders.add(client.register(UUID.randomUUID().toString()));
        }
        measure(print, way + " message", cluster, number -> client.send(senders.get(number), "any text"));
        measure(
                print,
                way + " registration",
                cluster,
                number -> client.register(UUID.randomUUID().toString()));
    }

    private void measure(boolean print, String name, Cluster cluster, Request request) throws Exception {
        long[] nanos = new long[ONE_BY_ONE];
        for (int i = 0; i < ONE_BY_ONE; i++) {
            long begun = System.nanoTime();
            request.make(0);
            nanos[i] = System.nanoTime() - begun;
        }
        Arrays.sort(nanos);
        List<Duration> before = cluster.cpu(0);
        long begun = System.nanoTime();
        atOnce(request);
        double seconds = (System.nanoTime() - begun) / 1e9;
        List<Duration> after = cluster.cpu(0);
        if (print) {
            System.out.printf(
                    Locale.ROOT,
                    "%s | %.2f | %.2f | %.0f | %s |%n",
                    name,
                    nanos[ONE_BY_ONE / 2] / 1e6,
                    nanos[ONE_BY_ONE * 99 / 100] / 1e6,
                    CLIENTS * AT_ONCE / seconds,
                    IntStream.range(0, after.size())
                            .mapToObj(i -> after.get(i).minus(before.get(i)).toNanos() / 1_000 / (CLIENTS * AT_ONCE))
                            .map(String::valueOf)
                            .collect(Collectors.joining(" | ")));
        }
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
