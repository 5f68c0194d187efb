package dev.countersign.web.http;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.concurrent.locks.LockSupport;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.slf4j.LoggerFactory;

/**
 * A connector that accepts connections no faster than the pool can serve them. Otherwise a flood of new connections
 * queues so much work that open connections get no answer. Connections beyond the machine's capacity wait in the
 * kernel.
 *
 * <p>It logs one line a minute if it can't accept connections, instead of Jetty's 20 lines each time.
 */
final class PacedConnector extends ServerConnector {

    /** How many tasks may wait in the pool: a few milliseconds of work. */
    private static final int BACKLOG = 16;

    private static final long PAUSE_NANOS = 50_000;

    private final ServerThreads threads;
    private final Answers answers = new Answers();
    private final RateLimitedLog log = new RateLimitedLog(LoggerFactory.getLogger(PacedConnector.class));

    PacedConnector(Server server, ServerThreads threads, ConnectionFactory... factories) {
        super(server, null, null, null, ServerThreads.ACCEPTORS, ServerThreads.SELECTORS, factories);
        this.threads = threads;
    }

    Answers answers() {
        return answers;
    }

    @Override
    public void accept(int acceptor) throws IOException {
        while (threads.getQueueSize() > BACKLOG && isRunning()) {
            LockSupport.parkNanos(PAUSE_NANOS);
        }
        super.accept(acceptor);
    }

    @Override
    protected boolean handleAcceptFailure(Throwable failure) {
        if (!isRunning() || failure instanceof ClosedChannelException) {
            return super.handleAcceptFailure(failure);
        }
        log.warn("can't accept connections on the port \"" + getName() + "\": " + failure.getMessage());
        try {
            Thread.sleep(100); // other files may be closed meanwhile
            return true;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }
}
