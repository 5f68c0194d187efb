package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.countersign.core.DatabaseSettings;
import dev.countersign.core.TopicSettings;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Three servers on three brokers and a PostgreSQL, behind HAProxy, with the files of {@code examples/several-machines}: a
 * server, then a broker is killed while clients send. Where HAProxy is installed:
 *
 * <pre>mvn -Pcluster -pl web -am test -Dtest=ThreeServersTest -Dsurefire.failIfNoSpecifiedTests=false</pre>
 */
@Tag("cluster")
final class ThreeServersTest {

    private static final int SERVERS = 3;
    private static final int CLIENTS = 8;
    private static final int MESSAGES_BETWEEN_KILLS = 500;
    private static final int PATIENCE_SECONDS = 60;
    private static final Set<Integer> MAY_COME_WHILE_ONE_IS_KILLED = Set.of(502, 503, 504);
    private static final Path HAPROXY = Path.of("/usr/sbin/haproxy");
    private static final Path EXAMPLES = Path.of("../examples/several-machines");

    @TempDir
    private Path folder;

    private final AtomicBoolean done = new AtomicBoolean();

    @Test
    @Timeout(value = 10, unit = TimeUnit.MINUTES)
    void whatWasAcknowledgedSurvivesTheLossOfAServerAndOfABroker() throws Exception {
        assumeTrue(Files.isExecutable(HAPROXY), "HAProxy is not installed");
        KafkaBrokers brokers = KafkaBrokers.start(SERVERS);
        List<ServerProcess> servers = new ArrayList<>();
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        Optional<Process> proxy = Optional.empty();
        try {
            TopicSettings topic = new TopicSettings(brokers.url("messages"), "");
            Path settings = settings(topic, Engines.database(folder));
            for (int i = 0; i < SERVERS; i++) {
                servers.add(ServerProcess.start(new ProcessBuilder(ServerProcess.command(
                        "--config=" + settings,
                        "--home=" + folder.resolve("home-" + i),
                        "--host=127.0.0.1",
                        "--register-port=0",
                        "--message-port=0"))));
            }
            List<Integer> ports = freePorts();
            Service service = new Service(ports.get(0), ports.get(1));
            proxy = Optional.of(haproxy(service, servers));
            awaitAnswer(service);
            List<SendingClient> clients = IntStream.range(0, CLIENTS)
                    .mapToObj(i -> new SendingClient("client-" + i + "-"))
                    .toList();
            List<Future<?>> sending = new ArrayList<>();
            clients.forEach(client -> sending.add(threads.submit(() -> sendUntilDone(client, service))));

            awaitMore(clients);
            servers.get(0).kill();
            awaitMore(clients);
            brokers.kill(0);
            awaitMore(clients);
            done.set(true);
            for (Future<?> each : sending) {
                each.get();
            }

            List<LoggedMessage> log =
                    Engines.text(topic).lines().map(LoggedMessage::parse).toList();
            Ledger ledger = Ledger.of(clients, log);
            System.out.printf(
                    "three servers, one killed, and one of three brokers: %d messages and %d registrations acknowledged,"
                            + " %d lost; %d logged without an answer%n",
                    ledger.acknowledged(),
                    ledger.registrations(),
                    ledger.lost().size(),
                    ledger.unacknowledged().size());
            ledger.assertKept();
        } finally {
            done.set(true);
            threads.shutdownNow();
            proxy.ifPresent(ServerProcess::kill);
            servers.forEach(ServerProcess::close);
            brokers.killAll();
        }
    }

    private Path settings(TopicSettings topic, DatabaseSettings database) throws IOException {
        String text = Files.readString(EXAMPLES.resolve("countersign.conf"))
                .replaceFirst("(?m)^database=.*", "database=" + database.url())
                .replaceFirst("(?m)^database-user=.*", "database-user=" + database.user())
                .replaceFirst("(?m)^database-password=.*", "database-password=" + database.password())
                .replaceFirst("(?m)^log=.*", "log=" + topic.url())
                .replaceFirst("(?m)^log-config=.*", "")
                .replaceFirst("(?m)^forwarded-from=.*", "forwarded-from=127.0.0.1");
        return Files.writeString(folder.resolve("countersign.conf"), text);
    }

    private static List<Integer> freePorts() throws IOException {
        try (ServerSocket one = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return List.of(one.getLocalPort(), other.getLocalPort());
        }
    }

    private Process haproxy(Service service, List<ServerProcess> servers) throws IOException {
        String text = Files.readString(EXAMPLES.resolve("haproxy.cfg"))
                .replace("bind :8000", "bind 127.0.0.1:" + service.registerPort())
                .replace("bind :8001", "bind 127.0.0.1:" + service.messagePort());
        for (int i = 0; i < servers.size(); i++) {
            Service one = servers.get(i).service();
            text = text.replace("10.0.0." + (i + 1) + ":8000", "127.0.0.1:" + one.registerPort())
                    .replace("10.0.0." + (i + 1) + ":8001", "127.0.0.1:" + one.messagePort());
        }
        Path file = Files.writeString(folder.resolve("haproxy.cfg"), text);
        return new ProcessBuilder(HAPROXY.toString(), "-db", "-f", file.toString())
                .inheritIO()
                .start();
    }

    private static void awaitAnswer(Service service) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (true) {
            try {
                if (Service.get(service.messagePort(), "/health").status() == 200) {
                    return;
                }
            } catch (IOException notYet) {
                assertTrue(System.nanoTime() < deadline, notYet::toString);
            }
        }
    }

    private void sendUntilDone(SendingClient client, Service service) {
        while (!done.get()) {
            try {
                client.sendUntil(done::get, service)
                        .ifPresent(refusal ->
                                assertTrue(MAY_COME_WHILE_ONE_IS_KILLED.contains(refusal.status()), refusal::text));
            } catch (IOException e) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10)); // its server was killed: by the next
            }
        }
    }

    private static void awaitMore(List<SendingClient> clients) {
        long until = acknowledged(clients) + MESSAGES_BETWEEN_KILLS;
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (acknowledged(clients) < until) {
            assertTrue(System.nanoTime() < deadline, "no client gets on");
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
    }

    private static long acknowledged(List<SendingClient> clients) {
        return clients.stream().mapToLong(client -> client.snapshot().size()).sum();
    }
}
