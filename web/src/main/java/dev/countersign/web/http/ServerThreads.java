package dev.countersign.web.http;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.eclipse.jetty.server.ConnectionMetaData;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Jetty's thread pool, and the executor by which the threads of {@code core} answer the requests of their batches.
 *
 * <p>When a batch is on disk, all of its requests can be answered. If the pool does that, each answer costs two thread
 * switches: one to write the answer, one to check for the connection's next request. So the thread that wrote the batch
 * runs {@link #complete}. This is called a turn: the thread writes the answers, then serves the next request of each
 * connection that it has just answered. Most have arrived by then. If there are many connections, it gives a share of
 * them to the pool. Compared in turns with answers from the pool: 1.1 to 1.2 times the throughput at 51 connections,
 * 1.4 times at 500. A batch of registrations takes its turn on a thread of the pool: its commit needs the CPU, and the
 * next commit begins meanwhile (at 500 connections the writer's own thread reached 0.8 times that throughput).
 *
 * <p>How a turn learns which connections it has answered: if another thread than the one that began an exchange
 * completes it, Jetty calls {@link #execute} with a task that checks for the connection's next request. Within a turn
 * this task goes into a list instead of the pool's queue.
 *
 * <p>No client may block a writer, so everything that could take long goes to the pool:
 *
 * <ul>
 *   <li>the first answer of a connection ({@link #answer}): if a client resets every connection before the answer,
 *       every write fails, and a failed write costs many times as much as a successful one;
 *   <li>each answer of a connection with TLS, because of encryption: so none of its requests is served in a turn,
 *       either;
 *   <li>a connection's second request in a row, so that a client that sends without pause takes one turn like any
 *       other. Outside a turn it goes to the pool only if other tasks are queued there;
 *   <li>a request with a body of unknown length, or with a large body.
 * </ul>
 *
 * <p>The pool's thread that selected a connection serves its first request. Jetty's scheduler ends bodies and headers
 * that take too long.
 */
public final class ServerThreads extends QueuedThreadPool {

    private static final Logger log = LoggerFactory.getLogger(ServerThreads.class);
    private static final int CORES = Runtime.getRuntime().availableProcessors();

    /** Threads per port that accept connections. */
    static final int ACCEPTORS = 1;

    /** Threads per port that select readable connections. */
    static final int SELECTORS = Math.max(1, CORES / 2);

    /** The number of connections that justifies waking another thread: serving them takes some 100 microseconds. */
    private static final int SHARE = 16;

    /** A writer parses bodies up to this length: 0.1 milliseconds. */
    private static final int SMALL_BODY_BYTES = 64 * 1024;

    /** The connections that a thread has answered in its turn, between two batches. */
    private final ThreadLocal<List<Runnable>> turns = new ThreadLocal<>();

    /**
     * For servlets that never block, on this many ports: as many threads as can work at once. More would be useless.
     */
    public void limitTo(int ports) {
        setMaxThreads(ports * (ACCEPTORS + SELECTORS) + CORES + 1);
    }

    /** Completes a batch on the calling thread and serves its connections there. */
    public Executor onCaller() {
        return this::complete;
    }

    /** The same on a thread of the pool, for a caller whose own work needs the CPU. */
    public Executor onPool() {
        return futures -> super.execute(() -> complete(futures));
    }

    private void complete(Runnable futures) {
        List<Runnable> connections = take(futures);
        for (int shares = Math.min(CORES, connections.size() / SHARE); shares > 1; shares--) {
            int size = connections.size() / shares;
            List<Runnable> share = connections.subList(0, size);
            connections = connections.subList(size, connections.size());
            super.execute(() -> serve(share));
        }
        serve(connections);
    }

    private void serve(List<Runnable> connections) {
        connections.forEach(connection -> take(connection).forEach(super::execute));
    }

    /** Runs a task and returns the connections that it has answered. */
    private List<Runnable> take(Runnable task) {
        List<Runnable> answered = new ArrayList<>();
        turns.set(answered);
        try {
            task.run();
        } catch (RuntimeException | Error e) { // a failure of one connection must not affect the others
            log.warn("a connection failed", e);
        } finally {
            turns.remove();
        }
        return answered;
    }

    /** Called by Jetty: within a turn the connection is served later in the turn, otherwise by a thread of the pool. */
    @Override
    public void execute(Runnable task) {
        List<Runnable> answered = turns.get();
        if (answered == null) {
            super.execute(task);
        } else {
            answered.add(task);
        }
    }

    /** Writes an answer: a connection's first answer, and each with TLS, on a thread of the pool; others at once. */
    public void answer(Request request, Runnable writing) {
        ConnectionMetaData connection = request.getConnectionMetaData();
        boolean isForPool = connection.getConnection().getMessagesIn() <= 1 || connection.isSecure();
        if (isForPool && turns.get() != null) {
            super.execute(writing);
        } else {
            writing.run();
        }
    }

    /** Moves requests to the pool that could block a writer, and a connection's further requests in the same turn. */
    Handler guard(int maxBodyBytes, Handler handler) {
        return new Handler.Wrapper(handler) {
            @Override
            public boolean handle(Request request, Response response, Callback callback) throws Exception {
                if (isForCaller(request, maxBodyBytes)) {
                    return super.handle(request, response, callback);
                }
                ServerThreads.super.execute(() -> handleOnPool(getHandler(), request, response, callback));
                return true;
            }
        };
    }

    private boolean isForCaller(Request request, int maxBodyBytes) {
        boolean isFirst = request.getConnectionMetaData().getConnection() instanceof SerialHttpConnection connection
                && connection.isFirstOfTurn();
        boolean hasOwnThreads = request.getConnectionMetaData().getConnector().getExecutor() != this;
        return turns.get() == null
                ? hasOwnThreads || isFirst || getQueueSize() == 0
                : isFirst
                        && request.getLength() >= 0
                        && request.getLength() <= Math.min(maxBodyBytes, SMALL_BODY_BYTES);
    }

    private static void handleOnPool(Handler handler, Request request, Response response, Callback callback) {
        try {
            if (!handler.handle(request, response, callback)) {
                Response.writeError(request, response, callback, 404);
            }
        } catch (Throwable e) { // as Jetty does if a handler throws
            Response.writeError(request, response, callback, e);
        }
    }
}
