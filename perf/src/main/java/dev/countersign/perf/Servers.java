package dev.countersign.perf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Servers alive side by side, each in a JVM and on a temporary folder of its own. {@link #close()} leaves none of them
 * behind, and neither does an end of this JVM by a signal.
 */
final class Servers implements AutoCloseable {
    private final Path folder = Files.createTempDirectory("countersign-perf");
    private final List<ServerJvm> servers = new ArrayList<>();
    private final Thread onShutdown = new Thread(this::end, "end-servers");

    Servers() throws IOException {
        Runtime.getRuntime().addShutdownHook(onShutdown);
    }

    /** A home folder that no server has yet, to be filled beforehand. */
    Path newHome() {
        return folder.resolve("server-" + servers.size());
    }

    /**
     * Starts one more, on {@link #newHome()}.
     *
     * @throws IOException if it ends before it listens
     */
    ServerJvm start(List<String> command) throws IOException {
        ServerJvm server = ServerJvm.start(command, newHome());
        servers.add(server);
        return server;
    }

    /** Puts each of them under full load for {@code length}, one after the other. */
    void warmUp(Workload workload, Duration length) throws IOException {
        turns(workload, servers.size(), 1, length);
    }

    /** Lets the first {@code count} of them take turns under one workload. */
    Turns turns(Workload workload, int count, int rounds, Duration length) throws IOException {
        return turns(Collections.nCopies(count, workload), rounds, length);
    }

    /**
     * Lets servers take turns, the first under the first workload and so on, over connections that stay open from the
     * first turn to the last.
     */
    Turns turns(List<Workload> workloads, int rounds, Duration length) throws IOException {
        List<Contender> contenders = new ArrayList<>();
        try {
            for (int i = 0; i < workloads.size(); i++) {
                contenders.add(new Contender(servers.get(i), workloads.get(i)));
            }
            return Turns.take(contenders, rounds, length);
        } finally {
            for (Contender each : contenders) {
                each.close();
            }
        }
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
