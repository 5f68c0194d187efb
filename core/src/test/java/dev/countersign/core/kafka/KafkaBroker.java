package dev.countersign.core.kafka;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.Closeable;
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
import org.apache.kafka.common.Uuid;

/** A real broker in a process of its own, from this JVM's class path. Closing it kills it. */
final class KafkaBroker implements Closeable {

    private static final int START_SECONDS = 60;

    private final Path folder;
    private final int port;
    private Process process;

    /** Returns when it takes connections. */
    KafkaBroker(Path folder) throws IOException, InterruptedException {
        this.folder = folder;
        port = freePort();
        int controllerPort = freePort();
        Files.createDirectories(folder);
        Files.write(
                settings(),
                List.of(
                        "process.roles=broker,controller",
                        "node.id=1",
                        "listeners=PLAINTEXT://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controllerPort,
                        "controller.quorum.voters=1@127.0.0.1:" + controllerPort,
                        "controller.listener.names=CONTROLLER",
                        "log.dirs=" + folder.resolve("data"),
                        "auto.create.topics.enable=false",
                        "num.partitions=3",
                        "offsets.topic.replication.factor=1"));
        int exit = java(
                        "kafka.tools.StorageTool",
                        "format",
                        "-t",
                        Uuid.randomUuid().toString(),
                        "-c",
                        settings() + "")
                .waitFor();
        assertEquals(0, exit, "format");
        start();
    }

    private static int freePort() throws IOException {
        try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            return socket.getLocalPort();
        }
    }

    private Path settings() {
        return folder.resolve("server.properties");
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

    /** Goes on with what it had. */
    void start() throws IOException, InterruptedException {
        process = java("kafka.Kafka", settings().toString());
        Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(START_SECONDS);
        while (true) {
            try {
                new Socket(InetAddress.getLoopbackAddress(), port).close();
                return;
            } catch (IOException notYet) {
                if (!process.isAlive() || System.nanoTime() > deadline) {
                    throw new IOException("the broker does not start: " + Files.readString(folder.resolve("output")));
                }
                process.waitFor(100, TimeUnit.MILLISECONDS);
            }
        }
    }

    String url(String topic) {
        return "kafka://127.0.0.1:" + port + "/" + topic;
    }

    String address() {
        return "127.0.0.1:" + port;
    }

    /** SIGKILL. */
    void kill() {
        process.destroyForcibly().onExit().join();
    }

    void pause() throws IOException, InterruptedException {
        signal("STOP");
    }

    void resume() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        assertEquals(
                0,
                new ProcessBuilder("kill", "-" + name, String.valueOf(process.pid()))
                        .start()
                        .waitFor());
    }

    @Override
    public void close() {
        kill();
    }
}
