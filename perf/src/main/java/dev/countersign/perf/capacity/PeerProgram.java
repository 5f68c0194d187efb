package dev.countersign.perf.capacity;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.countersign.perf.server.ServerProcess;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Another server that answers once it has flushed.
 *
 * @param script prints its version first, then becomes the server, on a port and in the working folder
 * @param workload one message a request, over one connection
 */
record PeerProgram(String name, String script, Workload workload) {
    static final List<PeerProgram> ALL = List.of(
            new PeerProgram("Redis Streams", resource("redis.sh"), Workload.other(Workload.XADD)),
            new PeerProgram("PostgreSQL", resource("postgres.sh"), Workload.other(Workload.INSERT)));

    private static final Pattern VERSION = Pattern.compile("\\d+(?:\\.\\d+)+");
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static String resource(String name) {
        try (InputStream resource = PeerProgram.class.getResourceAsStream(name)) {
            return new String(resource.readAllBytes(), UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /**
     * Starts it and waits until it takes messages.
     *
     * @param home empty
     * @throws IOException if it isn't installed, or doesn't start; the message is the last line that it printed
     */
    ServerProcess start(Path home) throws IOException {
        int port;
        try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            port = free.getLocalPort();
        }
        ProcessBuilder shell = new ProcessBuilder("sh", "-ec", script)
                .directory(home.toFile())
                .redirectErrorStream(true)
                .redirectOutput(printed(home).toFile());
        shell.environment().put("PORT", Integer.toString(port));
        ServerProcess server = ServerProcess.other(shell.start(), home, port);
        long deadline = System.nanoTime() + PATIENCE.toNanos();
        while (!takesMessages(server)) {
            if (!server.isAlive() || System.nanoTime() > deadline) {
                server.close();
                String last = Files.readString(printed(home)).strip().lines().reduce("", (one, next) -> next);
                throw new IOException(last.replace(home.toString(), "its folder"));
            }
            LockSupport.parkNanos(Duration.ofMillis(20).toNanos());
        }
        return server;
    }

    /** With the version of the one that was started there. */
    String nameOf(Path home) throws IOException {
        Matcher version = VERSION.matcher(Files.readString(printed(home)));
        return version.find() ? name + " " + version.group() : name;
    }

    private static Path printed(Path home) {
        return home.resolve("printed");
    }

    private boolean takesMessages(ServerProcess server) {
        try (LoadGenerator load = workload.connect(server)) {
            return load.once(1).errors() == 0;
        } catch (IOException e) {
            return false;
        }
    }
}
