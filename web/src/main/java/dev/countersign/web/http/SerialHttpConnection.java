package dev.countersign.web.http;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.IdleTimeout;
import org.eclipse.jetty.io.ssl.SslConnection.SslEndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;

/**
 * An HTTP/1.1 connection that reads and parses on one thread at a time.
 *
 * <p>Jetty's own can run {@link #onFillable} on two threads at once (jetty.project issue 12939, present in 12.1.14).
 * When a bad request is answered, Jetty has a second thread call {@code onFillable} for the client's next bytes, while the
 * thread that read the request is still in it. Then one of them returns the connection's read buffer to the pool while
 * the other fills or parses it, and the pool gives the buffer to another client: their requests and answers get mixed up.
 *
 * <p>Here a call that finds another one running only leaves a note, and the running one loops. Nobody waits. All other
 * ways into a connection are safe: a body is read only between a request's headers and its answer, when
 * {@code onFillable} is not scheduled, and a bad body fails that read without a second thread.
 *
 * <p>{@code HttpConnection} is in a package that Jetty calls internal. When Jetty is updated: compile, run
 * {@code CrossTalkTest} without this class, and remove the class if that stays green.
 */
final class SerialHttpConnection extends StrictHttpConnection {

    /** How long a client may go on sending after the last answer. */
    private static final long DISCARDING_NANOS = TimeUnit.SECONDS.toNanos(2);

    /** The number of calls of {@link #onFillable} since the connection was last idle. */
    private final AtomicInteger calls = new AtomicInteger();

    /**
     * When the headers of a request, or the TLS handshake, began to arrive, {@link System#nanoTime}; 0 if neither is
     * arriving.
     */
    private volatile long headersSince;

    /** Whether a request has been served since the connection was last picked up. Used by the reading thread only. */
    private boolean servesTurn;

    /** When the last answer was first seen to be sent; 0 if it is not sent. Used by the sweep only. */
    private long answeredSince;

    private SerialHttpConnection(HttpConfiguration configuration, Connector connector, EndPoint endPoint) {
        super(configuration, connector, endPoint);
    }

    static HttpConnectionFactory factory(HttpConfiguration configuration) {
        return new HttpConnectionFactory(configuration) {
            @Override
            public Connection newConnection(Connector connector, EndPoint endPoint) {
                SerialHttpConnection connection = new SerialHttpConnection(getHttpConfiguration(), connector, endPoint);
                connection.setTransferEncodingChunkMaxLength(getTransferEncodingChunkMaxLength());
                return configure(connection, connector, endPoint);
            }
        };
    }

    @Override
    public void onOpen() {
        if (getEndPoint() instanceof SslEndPoint) {
            headersSince = System.nanoTime();
        }
        super.onOpen();
    }

    @Override
    public void onFillable() {
        if (calls.getAndIncrement() > 0) {
            return;
        }
        read();
        leave();
    }

    /** Does the work that other threads have asked for meanwhile. */
    private void leave() {
        while (calls.decrementAndGet() > 0) {
            read();
        }
    }

    private void read() {
        if (isFillInterested()) {
            return; // Jetty calls when there is something to read
        }
        servesTurn = false;
        long bytes = getBytesIn();
        long requests = getMessagesIn();
        try {
            super.onFillable();
        } catch (Throwable e) { // without this nobody would call again, and the connection would hang
            getEndPoint().close(e);
        }
        if (hasRefused && !isFillInterested() && getEndPoint().isOpen()) {
            fillInterested(); // discards what still comes
        }
        if (getMessagesIn() != requests || getBytesIn() == 0 && !isHandshaking()) {
            headersSince = 0;
        } else if (getBytesIn() != bytes && headersSince == 0) {
            headersSince = System.nanoTime();
        }
    }

    private boolean isHandshaking() {
        return getEndPoint() instanceof SslEndPoint tls
                && tls.getSslConnection().getSSLEngine().getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING;
    }

    /** Whether this is the first request since the connection was last picked up; asked once for each. */
    boolean isFirstOfTurn() {
        boolean isFirst = !servesTurn;
        servesTurn = true;
        return isFirst;
    }

    /** Closes the connection if it has taken more time than the limits allow. */
    void enforce(Limits limits, long now) {
        if (getEndPoint().isOutputShutdown()) { // the last answer is sent, whatever still comes
            answeredSince = answeredSince == 0 ? now : answeredSince;
            if (now - answeredSince > DISCARDING_NANOS) {
                getEndPoint().close();
            }
        } else if (headersSince != 0
                && now - headersSince > limits.headerTimeout().toNanos()) {
            if (!calls.compareAndSet(0, 1)) {
                return; // it is being read, and will be checked again soon
            }
            if (headersSince != 0) {
                say(Problem.REQUEST_TIMEOUT, isReadingHead());
                getParser().close(); // discards bytes that still come
                getEndPoint().shutdownOutput();
            }
            leave();
        }
    }

    /** Refuses all requests and closes; with TLS without an answer. To be called before anything is read. */
    void refuse(Problem problem) {
        say(problem, false);
        getEndPoint().close();
    }

    /** Writes what fits into the socket's buffer now: does not wait for a client that does not read. */
    private void say(Problem problem, boolean toHead) {
        Answers.count(getConnector(), problem, getEndPoint().getRemoteSocketAddress());
        try {
            getEndPoint().flush(ByteBuffer.wrap(problem.lastAnswer(!toHead)));
        } catch (IOException e) {
            getEndPoint().close(e);
        }
    }

    /** How long the connection has been silent, in milliseconds; 0 while a request is in flight. */
    long idleMillis() {
        EndPoint socket = getEndPoint() instanceof SslEndPoint tls ? tls.unwrap() : getEndPoint();
        return getHttpChannel().getRequest() == null && socket instanceof IdleTimeout idle ? idle.getIdleFor() : 0;
    }

    /** Closes both directions at once. Jetty would close its own first, and wait as long again for the client's. */
    @Override
    public void onFillInterestedFailed(Throwable cause) {
        getParser().close();
        getEndPoint().close(cause);
    }
}
