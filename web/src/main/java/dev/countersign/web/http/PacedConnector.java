package dev.countersign.web.http;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ClosedSelectorException;
import java.nio.channels.SelectableChannel;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import org.eclipse.jetty.io.SelectorManager;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.IO;
import org.eclipse.jetty.util.thread.Scheduler;
import org.slf4j.LoggerFactory;

/**
 * A connector that accepts connections no faster than the pool can serve them. Otherwise a flood of new connections
 * queues so much work that open connections get no answer. Connections beyond the machine's capacity wait in the
 * kernel.
 *
 * <p>Connections that their clients have reset while they waited are closed at once. Their requests can still be read, and
 * Jetty would serve them, for nobody. When 50 clients sent lists of 1,000 texts and reset, in a loop, such connections filled
 * the kernel's queue: a new client waited 5 s in it, at worst 12 s, and open connections got a tenth of the answers that they
 * asked for. Now nine tenths, and a new client waits less than 0.2 s, or about 1 s if the kernel repeats the handshake because
 * the queue was full.
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

    /** For the thread that accepts. */
    private Selector errors;

    PacedConnector(Server server, ServerThreads threads, ConnectionFactory... factories) {
        super(server, null, null, null, ServerThreads.ACCEPTORS, ServerThreads.SELECTORS, factories);
        this.threads = threads;
    }

    Answers answers() {
        return answers;
    }

    @Override
    protected void doStart() throws Exception {
        errors = Selector.open();
        super.doStart();
    }

    @Override
    protected void doStop() throws Exception {
        super.doStop();
        IO.close(errors);
    }

    @Override
    protected SelectorManager newSelectorManager(Executor executor, Scheduler scheduler, int selectors) {
        return new ServerConnectorManager(executor, scheduler, selectors) {
            @Override
            public void accept(SelectableChannel connection, Object attachment) {
                if (isReset(connection)) {
                    IO.close(connection);
                } else {
                    awaitPool();
                    super.accept(connection, attachment);
                }
            }
        };
    }

    /** An established connection is ready for OP_CONNECT only if it has an error pending. This takes 7 microseconds. */
    private boolean isReset(SelectableChannel connection) {
        try {
            SelectionKey key = connection.register(errors, SelectionKey.OP_CONNECT);
            boolean isReset = errors.selectNow() > 0;
            key.cancel();
            errors.selectNow(); // removes the key, also from the selected ones
            return isReset;
        } catch (IOException | ClosedSelectorException e) {
            return false; // Jetty meets the same, or is stopping
        }
    }

    private void awaitPool() {
        while (threads.getQueueSize() > BACKLOG && isRunning()) {
            LockSupport.parkNanos(PAUSE_NANOS);
        }
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
