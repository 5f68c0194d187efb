package dev.countersign.perf.capacity;

import dev.countersign.perf.run.Folders;
import dev.countersign.perf.run.RunStep;
import dev.countersign.perf.server.ServerProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/** Servers alive side by side, each in a process and on a folder of its own. {@link #close()} leaves none of them behind. */
public final class Servers implements AutoCloseable {
    private final Path folder;
    private final List<ServerProcess> servers = new ArrayList<>();

    /** @param parent where the servers' folders are made: on the disk that is to be measured */
    public Servers(Path parent) throws IOException {
        folder = Files.createTempDirectory(Files.createDirectories(parent), "servers");
    }

    /**
     * Starts one more.
     *
     * @param command as {@link ServerProcess#start} takes it
     * @throws IOException if it ends before it listens
     */
    ServerProcess start(List<String> command) throws IOException {
        ServerProcess server = ServerProcess.start(command, folder.resolve("server-" + servers.size()));
        servers.add(server);
        return server;
    }

    /** Starts one more, of another kind, and gives its name with its version. */
    String start(PeerProgram program) throws IOException {
        Path home = Files.createDirectory(folder.resolve("server-" + servers.size()));
        servers.add(program.start(home));
        return program.nameOf(home);
    }

    /** Where their folders are. */
    Path folder() {
        return folder;
    }

    /** Stops those that run, starts others and warms them up. */
    RunStep begin(Workload workload, Duration warmUp, List<List<String>> commands) {
        return new RunStep("warming up: " + workload, warmUp.plusSeconds(1).multipliedBy(commands.size()), () -> {
            stop();
            for (List<String> command : commands) {
                start(command);
            }
            warmUp(workload, warmUp);
        });
    }

    /** One of them, in the order of their starts. */
    ServerProcess get(int index) {
        return servers.get(index);
    }

    /** Puts each of them under full load for {@code length}, one after the other. */
    void warmUp(Workload workload, Duration length) throws IOException {
        turns(workload, servers.size(), 1, length);
    }

    /** Lets the first {@code count} of them take turns under one workload. */
    Turns turns(Workload workload, int count, int rounds, Duration length) throws IOException {
        return Turns.take(
                servers.subList(0, count).stream()
                        .map(server -> new Turns.Entrant(server, workload))
                        .toList(),
                rounds,
                length);
    }

    /** Stops them and removes their folders; others may be started. */
    void stop() throws IOException {
        servers.forEach(ServerProcess::close);
        servers.clear();
        Folders.empty(folder);
    }

    @Override
    public void close() throws IOException {
        servers.forEach(ServerProcess::close);
        Folders.delete(folder);
    }
}
