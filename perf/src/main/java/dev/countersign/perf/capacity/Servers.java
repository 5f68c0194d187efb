package dev.countersign.perf.capacity;

import dev.countersign.perf.server.ServerJvm;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Servers alive side by side, each in a JVM and on a folder of its own. {@link #close()} leaves none of them behind,
 * and neither does an end of this JVM by a signal.
 */
final class Servers implements AutoCloseable {
    private final Path folder;
    private final List<ServerJvm> servers = new ArrayList<>();
    private final Thread onShutdown = new Thread(this::end, "end-servers");

    /** @param parent where the servers' folders are made: on the disk that is to be measured */
    Servers(Path parent) throws IOException {
        folder = Files.createTempDirectory(Files.createDirectories(parent), "servers");
        Runtime.getRuntime().addShutdownHook(onShutdown);
    }

    /** The folder of the server that is started next, to be filled beforehand. */
    Path nextHome() {
        return folder.resolve("server-" + servers.size());
    }

    /**
     * Starts one more.
     *
     * @param command as {@link ServerJvm#start} takes it
     * @throws IOException if it ends before it listens
     */
    ServerJvm start(List<String> command) throws IOException {
        ServerJvm server = ServerJvm.start(command, nextHome());
        servers.add(server);
        return server;
    }

    /** Puts each of them under full load for {@code length}, one after the other. */
    void warmUp(Workload workload, Duration length) throws IOException {
        turns(workload, servers.size(), 1, length);
    }

    /** Lets the first {@code count} of them take turns under one workload. */
    Turns turns(Workload workload, int count, int rounds, Duration length) throws IOException {
        return Turns.take(
                servers.subList(0, count).stream()
                        .map(server -> new Entrant(server, workload))
                        .toList(),
                rounds,
                length);
    }

    @Override
    public void close() {
        try {
            Runtime.getRuntime().removeShutdownHook(onShutdown);
        } catch (IllegalStateException e) {
            return; // the hook is running
        }
        end();
    }

    private void end() {
        servers.forEach(ServerJvm::close);
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(file);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
