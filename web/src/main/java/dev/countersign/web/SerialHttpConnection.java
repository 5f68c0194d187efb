package dev.countersign.web;

import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.internal.HttpConnection;

/**
 * An HTTP/1.1 connection that reads and parses on one thread at a time.
 *
 * <p>Jetty's own can run {@link #onFillable} on two threads at once (jetty.project issue 12939, present in 12.1.14). When
 * the parser meets a bad request it hands the refusal to a second thread and goes on; the second thread answers, and
 * schedules {@code onFillable} for what the client may send next, while the first is still in it. One of them then gives
 * the connection's read buffer back to the pool while the other fills or parses it, and the pool lends the buffer to
 * another client: their requests and answers get mixed up.
 *
 * <p>Here a call that finds another one running only leaves a note, and the running one goes round again. Nobody waits
 * for anybody. All other ways into a connection are safe as they are: a body is read only between a request's headers
 * and its answer, when {@code onFillable} is not scheduled, and a bad body fails that read without a second thread.
 *
 * <p>{@code HttpConnection} is in a package that Jetty calls internal. When Jetty is updated: compile, run {@code
 * CrossTalkTest} without this class, and remove the class if that stays green.
 */
final class SerialHttpConnection extends HttpConnection {

    /** How many calls of {@link #onFillable} have come since the connection was last at rest. */
    private final AtomicInteger calls = new AtomicInteger();

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
    public void onFillable() {
        if (calls.getAndIncrement() > 0) {
            return;
        }
        do {
            if (!isFillInterested()) { // else it will be called once there is something to read
                read();
            }
        } while (calls.decrementAndGet() > 0);
    }

    private void read() {
        try {
            super.onFillable();
        } catch (Throwable e) { // without an end point nobody would call again: the connection would stay deaf
            getEndPoint().close(e);
        }
    }
}
