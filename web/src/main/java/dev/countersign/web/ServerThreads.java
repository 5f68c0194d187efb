package dev.countersign.web;

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
 * Jetty's thread pool, and what lets the threads of {@code core} answer requests: each answers its own batch.
 *
 * <p>Once a batch is on disk, all of its requests are to be answered at once. Handed to the pool, each answer costs two
 * changes of threads: one to write it, one to look whether the connection's next request has come. So the thread that
 * wrote the batch runs {@link #complete}. That is a turn: it writes the answers, then serves the next request of each
 * connection that it has just answered. Most have come by then. Of many connections it gives the pool a share. Measured
 * in turns against answers from the pool: 1.1 to 1.2 times the throughput at 51 connections, 1.4 at 500. A batch of
 * registrations takes a turn on a thread of the pool: its commit takes the processor, and the next one begins meanwhile
 * (at 500 connections the writer's own thread reached 0.8 of that).
 *
 * <p>How a turn learns which connections it has answered: when another thread than the one that began an exchange
 * completes it, Jetty calls {@link #execute} with a task that looks for the connection's next request. Within a turn that
 * task goes into a list instead of the pool's queue.
 *
 * <p>A writer must not be held up by a client, so the pool gets whatever might take long:
 *
 * <ul>
 *   <li>the first answer of a connection ({@link #answer}): a client that resets each connection before its answer makes
 *       each of them fail, and a failed write costs many times a good one;
 *   <li>each answer of a connection with TLS, for its ciphers: so none of its requests is served in a turn, either;
 *   <li>a connection's second request in a row, so that a client that sends on and on takes one turn like any other.
 *       Outside a turn it goes to the pool only if other tasks are queued there;
 *   <li>a request whose body is of unknown or excessive length: to refuse it, the rest of the body must be read.
 * </ul>
 *
 * <p>A connection's first request is served by the thread of the pool that selected it. Jetty's scheduler ends bodies and
 * headers that take too long.
 */
final class ServerThreads extends QueuedThreadPool {

    private static final Logger log = LoggerFactory.getLogger(ServerThreads.class);
    private static final int CORES = Runtime.getRuntime().availableProcessors();

    /** Of each port: threads that accept connections. */
    static final int ACCEPTORS = 1;

    /** Of each port: threads that select the connections that have something to read. */
    static final int SELECTORS = Math.max(1, CORES / 2);

    /** Connections that are worth waking another thread for: to serve so many takes some 100 microseconds. */
    private static final int SHARE = 16;

    /** The connections that a thread has answered between two batches. */
    private final ThreadLocal<List<Runnable>> turns = new ThreadLocal<>();

    /** For servlets that never wait, on so many ports: no more threads than can work at once. More would wake in vain. */
    void limitTo(int ports) {
        setMaxThreads(ports * (ACCEPTORS + SELECTORS) + CORES + 1);
    }

    /** Completes a batch on the calling thread and serves its connections there. */
    Executor onCaller() {
        return this::complete;
    }

    /** The same on a thread of the pool, for a caller whose own work takes the processor. */
    Executor onPool() {
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

    /** Runs a task, and returns the connections that it has answered. */
    private List<Runnable> take(Runnable task) {
        List<Runnable> answered = new ArrayList<>();
        turns.set(answered);
        try {
            task.run();
        } catch (RuntimeException | Error e) { // one connection's failure is not the others'
            log.warn("a connection failed", e);
        } finally {
            turns.remove();
        }
        return answered;
    }

    /** Jetty's call: within a turn the connection is served after it, else by a thread of the pool. */
    @Override
    public void execute(Runnable task) {
        List<Runnable> answered = turns.get();
        if (answered == null) {
            super.execute(task);
        } else {
            answered.add(task);
        }
    }

    /** Writes an answer: the first of its connection, and each in TLS, on a thread of the pool, others at once. */
    void answer(Request request, Runnable writing) {
        ConnectionMetaData connection = request.getConnectionMetaData();
        boolean isForPool = connection.getConnection().getMessagesIn() <= 1 || connection.isSecure();
        if (isForPool && turns.get() != null) {
            super.execute(writing);
        } else {
            writing.run();
        }
    }

    /** Queues in the pool the requests that could hold up a writer, and those that are not their connection's turn. */
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
                : isFirst && request.getLength() >= 0 && request.getLength() <= maxBodyBytes;
    }

    private static void handleOnPool(Handler handler, Request request, Response response, Callback callback) {
        try {
            if (!handler.handle(request, response, callback)) {
                Response.writeError(request, response, callback, 404);
            }
        } catch (Throwable e) { // as Jetty does with whatever a handler throws
            Response.writeError(request, response, callback, e);
        }
    }
}
