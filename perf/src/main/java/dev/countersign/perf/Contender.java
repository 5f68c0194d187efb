package dev.countersign.perf;

import java.io.IOException;
import java.time.Duration;

/** One of the servers that take turns: its JVM, and the open connections that its load comes over. */
final class Contender implements AutoCloseable {
    private static final int IDLE_AT_ONCE = 50;

    private final ServerJvm server;
    private final Workload workload;
    private final LoadGenerator load;

    /** Opens the connections, which are all that {@link #close()} closes: the server goes on. */
    Contender(ServerJvm server, Workload workload) throws IOException {
        this.server = server;
        this.workload = workload;
        this.load = workload.connect(server);
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

    /** Has its turn. Idle connections send a request before it: the server would close them, and each must answer. */
    Sample turn(Duration length) throws IOException {
        if (workload.idle() > 0) {
            load.once(IDLE_AT_ONCE);
        }
        Duration before = server.cpu();
        Turn turn = load.closedLoop(workload.busy(), length);
        return new Sample(turn, server.cpu().minus(before));
    }

    @Override
    public void close() throws IOException {
        load.close();
    }
}
