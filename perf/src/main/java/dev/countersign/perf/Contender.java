package dev.countersign.perf;

import java.io.IOException;
import java.time.Duration;

/** One of the servers that take turns: its JVM, and the open connections that its load comes over. */
final class Contender implements AutoCloseable {
    private final ServerJvm server;
    private final LoadGenerator load;
    private final int busy;

    /** Opens the connections of {@code workload}, which are all that {@link #close()} closes: the server goes on. */
    Contender(ServerJvm server, Workload workload) throws IOException {
        this(server, workload.connect(server), workload.connections());
    }

    /** Over connections that are open, of which {@code busy} send. */
    Contender(ServerJvm server, LoadGenerator load, int busy) {
        this.server = server;
        this.load = load;
        this.busy = busy;
    }

    /** What one turn came to. */
    record Sample(Turn turn, Duration cpu) {

        /**
         * The server's CPU time, user and system, from the turn's first request to its last answer, over all answers.
         * What it still does after that (flushing, collecting garbage) is left out, and so is the kernel's work that
         * is charged to the load generator.
         */
        double cpuMicrosPerRequest() {
            return cpu.toNanos() / 1e3 / turn.answered();
        }
    }

    Sample turn(Duration length) {
        Duration before = server.cpu();
        Turn turn = load.closedLoop(busy, length);
        return new Sample(turn, server.cpu().minus(before));
    }

    @Override
    public void close() throws IOException {
        load.close();
    }
}
