package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.common.Uuid;

/** A real Kafka broker in a process of its own, from this JVM's class path; gone with this JVM. */
final class KafkaBroker {

    private static final int START_SECONDS = 60;
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);

    private final Path folder = Files.createTempDirectory("kafka");
    private final int port;

    /** Returns when it takes connections. */
    KafkaBroker() throws IOException, InterruptedException {
        List<Integer> free = freePorts();
        port = free.get(0);
        Path settings = Files.write(
                folder.resolve("server.properties"),
                List.of(
                        "process.roles=broker,controller",
                        "node.id=1",
                        "listeners=PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + free.get(1),
                        "controller.quorum.voters=1@127.0.0.1:" + free.get(1),
                        "controller.listener.names=CONTROLLER",
                        "log.dirs=" + folder.resolve("data"),
                        "auto.create.topics.enable=false",
                        "num.partitions=3",
                        "default.replication.factor=1"));
        String id = Uuid.randomUuid().toString();
        Process format = java("kafka.tools.StorageTool", "format", "-t", id, "-c", settings.toString());
        assertEquals(0, format.waitFor(), this::output);
        Process broker = java("kafka.Kafka", settings.toString());
        Runtime.getRuntime().addShutdownHook(new Thread(broker::destroyForcibly));
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (!isListening()) {
            assertTrue(broker.isAlive() && System.nanoTime() < deadline, this::output);
            LockSupport.parkNanos(LOOK_NANOS);
        }
    }

    private static List<Integer> freePorts() throws IOException {
        try (ServerSocket one = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return List.of(one.getLocalPort(), other.getLocalPort());
        }
    }

    private Process java(String... arguments) throws IOException {
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

    private boolean isListening() {
        try {
            new Socket(InetAddress.getLoopbackAddress(), port).close();
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private String output() {
        try {
            return Files.readString(folder.resolve("output"));
        } catch (IOException e) {
            return e.toString();
        }
    }

    String url(String topic) {
        return "kafka://127.0.0.1:" + port + "/" + topic;
    }
}
