package dev.countersign.web;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;

/** A Kafka cluster of real brokers, each in a process of its own from this JVM's class path; gone with this JVM. */
final class KafkaBrokers {

    private static final int START_SECONDS = 60;

    private final List<Integer> ports;
    private final List<Process> processes = new ArrayList<>();

    private KafkaBrokers(List<Integer> ports) {
        this.ports = ports;
    }

    /** Returns when they take connections. A topic has a replica on each of them, at most three. */
    static KafkaBrokers start(int count) throws IOException {
        List<Integer> free = freePorts(2 * count);
        KafkaBrokers brokers = new KafkaBrokers(free.subList(0, count));
        List<Integer> controllers = free.subList(count, 2 * count);
        String voters = IntStream.range(0, count)
                .mapToObj(node -> node + "@127.0.0.1:" + controllers.get(node))
                .collect(joining(","));
        byte[] clusterId = new byte[16];
        ThreadLocalRandom.current().nextBytes(clusterId);
        String id = "a"
                + Base64.getUrlEncoder()
                        .withoutPadding()
                        .encodeToString(clusterId)
                        .substring(1);
        for (int node = 0; node < count; node++) {
            Path folder = Files.createTempDirectory("kafka");
            Path settings = Files.write(
                    folder.resolve("server.properties"),
                    List.of(
                            "process.roles=broker,controller",
                            "node.id=" + node,
                            "listeners=PLAINTEXT://127.0.0.1:" + brokers.ports.get(node) + ",CONTROLLER://127.0.0.1:"
                                    + controllers.get(node),
                            "controller.quorum.voters=" + voters,
                            "controller.listener.names=CONTROLLER",
                            "log.dirs=" + folder.resolve("data"),
                            "auto.create.topics.enable=false",
                            "num.partitions=3",
                            "default.replication.factor=" + Math.min(3, count),
                            "min.insync.replicas=" + Math.min(2, count)));
            Process format = java(folder, "kafka.tools.StorageTool", "format", "-t", id, "-c", settings.toString());
            assertEquals(0, waitFor(format), () -> output(folder));
            Process broker = java(folder, "kafka.Kafka", settings.toString());
            Runtime.getRuntime().addShutdownHook(new Thread(broker::destroyForcibly));
            brokers.processes.add(broker);
        }
        for (int node = 0; node < count; node++) {
            brokers.await(node);
        }
        return brokers;
    }

    private static List<Integer> freePorts(int count) throws IOException {
        List<ServerSocket> sockets = new ArrayList<>();
        List<Integer> ports = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            sockets.add(new ServerSocket(0, 1, InetAddress.getLoopbackAddress()));
            ports.add(sockets.get(i).getLocalPort());
        }
        for (ServerSocket each : sockets) {
            each.close();
        }
        return ports;
    }

    private static Process java(Path folder, String... arguments) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx384m",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path")));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(Redirect.appendTo(folder.resolve("output").toFile()))
                .start();
    }

    private static int waitFor(Process process) {
        try {
            return process.waitFor();
        } catch (InterruptedException e) {
            throw new AssertionError("nobody interrupts a test", e);
        }
    }

    private static String output(Path folder) {
        try {
            return Files.readString(folder.resolve("output"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    private void await(int node) throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (true) {
            try {
                new Socket(InetAddress.getLoopbackAddress(), ports.get(node)).close();
                return;
            } catch (IOException notYet) {
                if (!processes.get(node).isAlive() || System.nanoTime() > deadline) {
                    throw notYet;
                }
                Thread.onSpinWait();
            }
        }
    }

    String url(String topic) {
        return "kafka://" + ports.stream().map(port -> "127.0.0.1:" + port).collect(joining(",")) + "/" + topic;
    }
}
