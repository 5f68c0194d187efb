package dev.countersign.perf;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** Servers alive side by side, each in a JVM and on a temporary folder of its own; {@link #close()} leaves nothing. */
final class Servers implements AutoCloseable {
    private final Path folder;
    private final List<ServerJvm> servers = new ArrayList<>();

    private Servers(Path folder) {
        this.folder = folder;
    }

    /**
     * Starts one server for each command, in this order.
     *
     * @throws IOException if one of them doesn't start; the others are ended
     */
    static Servers start(List<List<String>> commands) throws IOException {
        Servers all = new Servers(Files.createTempDirectory("countersign-perf"));
        try {
            for (List<String> command : commands) {
                all.servers.add(ServerJvm.start(command, all.folder.resolve("server-" + all.servers.size())));
            }
            return all;
        } catch (IOException e) {
            all.close();
            throw e;
        }
    }

    /** Puts each of them under full load for {@code length}, one after the other. */
    void warmUp(Workload workload, Duration length) throws IOException {
        turns(workload, 1, length);
    }

    /** Lets them take turns under {@code workload}, over connections that stay open from the first turn to the last. */
    Turns turns(Workload workload, int rounds, Duration length) throws IOException {
        List<Contender> contenders = new ArrayList<>();
        try {
            for (ServerJvm server : servers) {
                contenders.add(new Contender(server, workload));
            }
            return Turns.take(contenders, rounds, length);
        } finally {
            for (Contender each : contenders) {
                each.close();
            }
        }
    }

    @Override
    public void close() throws IOException {
        servers.forEach(ServerJvm::close);
        try (Stream<Path> files = Files.walk(folder)) {
            files.sorted(Comparator.reverseOrder()).forEach(Servers::delete);
        }
    }

    private static void delete(Path file) {
        try {
            Files.delete(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
