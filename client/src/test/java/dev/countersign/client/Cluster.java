package dev.countersign.client;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.zonky.test.db.postgres.embedded.EmbeddedPostgres;
import java.io.Closeable;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpURLConnection;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.kafka.common.Uuid;

/**
 * Three servers on three Kafka brokers and a PostgreSQL, behind HAProxy, with the files of {@code examples/several-machines}:
 * processes on this machine, in small heaps. The servers start before the brokers are up. Closing it kills them all.
 */
final class Cluster implements Closeable {

    static final int SIZE = 3;
    static final Path HAPROXY = Path.of("/usr/sbin/haproxy");

    private static final Path EXAMPLES = Path.of("../examples/several-machines");
    private static final int PATIENCE_SECONDS = 180;
    private static final int ANSWER_MILLIS = 5_000;
    private static final int BROKER_MEGABYTES = 256;
    private static final int SERVER_MEGABYTES = 128;
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final Path folder;
    private final List<String> options;
    private final List<Process> processes = new ArrayList<>();
    private final List<Process> brokers = new ArrayList<>();
    private final List<Process> servers = new ArrayList<>();
    private final Process haproxy;
    private final EmbeddedPostgres postgres;
    private final int registerPort;
    private final int messagePort;
    private final Map<String, String> engines;

    /**
     * Returns when all of it answers.
     *
     * @param options of each JVM
     */
    Cluster(Path folder, String... options) throws Exception {
        this.folder = folder;
        this.options = List.of(options);
        Runtime.getRuntime().addShutdownHook(new Thread(() -> processes.forEach(Process::destroyForcibly)));
        List<Integer> free = freePorts(2 + 2 * SIZE);
        registerPort = free.get(0);
        messagePort = free.get(1);
        List<Integer> brokerPorts = free.subList(2, 2 + SIZE);
        List<Process> formats = format(brokerPorts, free.subList(2 + SIZE, 2 + 2 * SIZE));
        postgres = EmbeddedPostgres.builder()
                .setServerConfig("fsync", "on") // these two are off by default, for tests
                .setServerConfig("full_page_writes", "on")
                .setPGStartupWait(Duration.ofSeconds(PATIENCE_SECONDS))
                .start();
        engines = Map.of(
                "COUNTERSIGN_DATABASE",
                "jdbc:postgresql://127.0.0.1:" + postgres.getPort() + "/postgres",
                "COUNTERSIGN_DATABASE_USER",
                "postgres",
                "COUNTERSIGN_DATABASE_PASSWORD",
                "a-password",
                "COUNTERSIGN_LOG",
                brokerPorts.stream().map(port -> "127.0.0.1:" + port).collect(joining(",", "kafka://", "/messages")),
                "COUNTERSIGN_LOG_CONFIG",
                Files.writeString(folder.resolve("kafka.properties"), "security.protocol=PLAINTEXT")
                        .toString(),
                "COUNTERSIGN_FORWARDED_FROM",
                "127.0.0.1");
        try {
            for (int node = 0; node < SIZE; node++) {
                assertEquals(0, formats.get(node).waitFor(), this::outputs);
                brokers.add(java("kafka-" + node, BROKER_MEGABYTES, Map.of(), "kafka.Kafka", settings(node)));
            }
            for (int server = 0; server < SIZE; server++) {
                servers.add(startServer(server));
            }
            haproxy = start("haproxy", ports(), List.of(HAPROXY.toString(), "-db", "-f", EXAMPLES + "/haproxy.cfg"));
            for (int server = 0; server < SIZE; server++) {
                awaitServer(server);
            }
            awaitBalancer();
        } catch (Exception | Error e) {
            close();
            throw e;
        }
    }

    private List<Process> format(List<Integer> ports, List<Integer> controllerPorts) throws IOException {
        String voters = IntStream.range(0, SIZE)
                .mapToObj(node -> node + "@127.0.0.1:" + controllerPorts.get(node))
                .collect(joining(","));
        String id = Uuid.randomUuid().toString();
        List<Process> formats = new ArrayList<>();
        for (int node = 0; node < SIZE; node++) {
            Files.write(
                    settings(node),
                    List.of(
                            "process.roles=broker,controller",
                            "node.id=" + node,
                            "listeners=PLAINTEXT://127.0.0.1:" + ports.get(node) + ",CONTROLLER://127.0.0.1:"
                                    + controllerPorts.get(node),
                            "controller.quorum.voters=" + voters,
                            "controller.listener.names=CONTROLLER",
                            "log.dirs=" + folder.resolve("broker-" + node),
                            // for a small heap and few processors
                            "log.cleaner.dedupe.buffer.size=4194304",
                            "num.network.threads=1",
                            "num.io.threads=2",
                            // these four as docs/several-machines.md says
                            "default.replication.factor=3",
                            "min.insync.replicas=2",
                            "num.partitions=12",
                            "auto.create.topics.enable=false"));
            formats.add(java(
                    "format-" + node,
                    64,
                    Map.of(),
                    "kafka.tools.StorageTool",
                    "format",
                    "-t",
                    id,
                    "-c",
                    settings(node)));
        }
        return formats;
    }

    private Path settings(int node) {
        return folder.resolve("broker-" + node + ".properties");
    }

    private Process startServer(int server) throws IOException {
        return startServer(server, "server-", engines, "--config=" + EXAMPLES.resolve("countersign.conf"));
    }

    private Process startServer(int server, String name, Map<String, String> environment, String... more)
            throws IOException {
        List<String> arguments = new ArrayList<>(List.of(
                "dev.countersign.web.Main",
                "--home=" + folder.resolve(name + server),
                "--host=" + host(server),
                "--register-port=" + registerPort,
                "--message-port=" + messagePort));
        arguments.addAll(List.of(more));
        return java(name + server, SERVER_MEGABYTES, environment, arguments.toArray());
    }

    /** Starts it again if it gave up because brokers took longer than half a minute, as systemd would. */
    private void awaitServer(int server) throws IOException {
        long deadline = deadline();
        while (!isHealthy(host(server), messagePort)) {
            assertTrue(System.nanoTime() < deadline, () -> host(server) + " does not answer: " + outputs());
            if (!servers.get(server).isAlive()) {
                servers.set(server, startServer(server));
            }
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    private static long deadline() {
        return System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    }

    private void awaitBalancer() {
        awaitHealth(haproxy, "127.0.0.1", registerPort);
        awaitHealth(haproxy, "127.0.0.1", messagePort);
    }

    /** Of a server; the same ports are free on each, and on HAProxy's 127.0.0.1. */
    private static String host(int server) {
        return "127.0.0." + (server + 2);
    }

    private Map<String, String> ports() {
        return Map.of(
                "SERVER_ONE", host(0),
                "SERVER_TWO", host(1),
                "SERVER_THREE", host(2),
                "ADDRESS", "127.0.0.1",
                "REGISTER_PORT", String.valueOf(registerPort),
                "MESSAGE_PORT", String.valueOf(messagePort));
    }

    private static List<Integer> freePorts(int count) throws IOException {
        List<ServerSocket> sockets = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sockets.add(new ServerSocket(0));
        }
        for (ServerSocket each : sockets) {
            each.close();
        }
        return sockets.stream().map(ServerSocket::getLocalPort).toList();
    }

    /** Starts a JVM that ends with the cluster. */
    Process java(String name, int heapMegabytes, Map<String, String> environment, Object... arguments)
            throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx" + heapMegabytes + "m",
                "-XX:+UseSerialGC"));
        command.addAll(options);
        command.addAll(List.of(
                "-cp",
                Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                        .filter(entry -> !entry.endsWith("test-classes"))
                        .collect(joining(File.pathSeparator))));
        Stream.of(arguments).map(Object::toString).forEach(command::add);
        return start(name, environment, command);
    }

    private Process start(String name, Map<String, String> environment, List<String> command) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(command)
                .redirectOutput(output(name).toFile())
                .redirectError(folder.resolve(name + ".err").toFile());
        builder.environment().putAll(environment);
        Process process = builder.start();
        processes.add(process);
        return process;
    }

    private Path output(String name) {
        return folder.resolve(name + ".out");
    }

    private void awaitHealth(Process process, String host, int port) {
        long deadline = deadline();
        while (!isHealthy(host, port)) {
            assertTrue(
                    process.isAlive() && System.nanoTime() < deadline,
                    () -> host + ":" + port + " does not answer: " + outputs());
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    private static boolean isHealthy(String host, int port) {
        try {
            HttpURLConnection health = (HttpURLConnection) URI.create("http://" + host + ":" + port + "/health")
                    .toURL()
                    .openConnection();
            health.setConnectTimeout(ANSWER_MILLIS);
            health.setReadTimeout(ANSWER_MILLIS);
            return health.getResponseCode() == HttpURLConnection.HTTP_OK;
        } catch (IOException notYet) {
            return false;
        }
    }

    /** What each process has printed. */
    String outputs() {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(file -> file.toString().matches(".*[.](out|err)"))
                    .map(file -> file.getFileName() + ":\n" + read(file))
                    .collect(joining("\n"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** On HAProxy, 127.0.0.1. */
    int registerPort() {
        return registerPort;
    }

    /** On HAProxy, 127.0.0.1. */
    int messagePort() {
        return messagePort;
    }

    /** Of all servers, by way of HAProxy. */
    CountersignClientBuilder clientBuilder() {
        return CountersignClient.builder()
                .host("127.0.0.1")
                .registerPort(registerPort)
                .messagePort(messagePort);
    }

    /** Of one server. */
    CountersignClientBuilder clientBuilder(int server) {
        return clientBuilder().host(host(server));
    }

    /** In place of one that was killed: a server that keeps everything in a new home. */
    void startOnFiles(int server) throws IOException {
        servers.set(server, startServer(server, "files-", Map.of("COUNTERSIGN_FORWARDED_FROM", "127.0.0.1")));
        awaitHealth(servers.get(server), host(server), messagePort);
        awaitBalancer();
    }

    /** CPU time so far of HAProxy, and of the servers, brokers and processes of PostgreSQL that are alive, together. */
    Map<String, Duration> cpu() throws SQLException {
        List<ProcessHandle> database = new ArrayList<>();
        try (Connection connection = postgres.getPostgresDatabase().getConnection();
                Statement statement = connection.createStatement();
                ResultSet rows =
                        statement.executeQuery("SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()")) {
            while (rows.next()) {
                ProcessHandle.of(rows.getLong(1)).ifPresent(database::add);
            }
        }
        Map<String, Duration> cpu = new LinkedHashMap<>(); // in the order in which a request passes them
        cpu.put("HAProxy", sum(Stream.of(haproxy.toHandle())));
        cpu.put("server", sum(servers.stream().map(Process::toHandle)));
        cpu.put("brokers", sum(brokers.stream().map(Process::toHandle)));
        cpu.put("PostgreSQL", sum(database.stream()));
        return cpu;
    }

    private static Duration sum(Stream<ProcessHandle> processes) {
        return processes
                .flatMap(each -> each.info().totalCpuDuration().stream())
                .reduce(Duration.ZERO, Duration::plus);
    }

    /** SIGKILL. */
    void killServer(int server) throws InterruptedException {
        servers.get(server).destroyForcibly().waitFor();
    }

    /** SIGKILL. */
    void killBroker(int broker) throws InterruptedException {
        brokers.get(broker).destroyForcibly().waitFor();
    }

    /** The lines of the topic, as the command {@code log} reads them. */
    List<String> log() throws IOException, InterruptedException {
        Process log = java("log", SERVER_MEGABYTES, engines, "dev.countersign.web.Main", "log", "--raw");
        assertEquals(0, log.waitFor(), this::outputs);
        return Files.readAllLines(output("log"));
    }

    @Override
    public void close() throws IOException {
        processes.forEach(Process::destroyForcibly);
        for (Process each : processes) {
            try {
                each.waitFor();
            } catch (InterruptedException e) {
                throw new IllegalStateException("interrupted before " + each + " had ended", e);
            }
        }
        postgres.close();
    }
}
