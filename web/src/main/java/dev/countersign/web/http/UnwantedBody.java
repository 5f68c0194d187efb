package dev.countersign.web.http;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.Callback;

/**
 * Reads and discards, for a while, what a refused client still sends. If the connection were closed while the client is
 * sending, it would be reset, and the client might never see the answer.
 */
public final class UnwantedBody extends BodyReader implements Callback {

    static final int MAX_BYTES = 16 * 1024 * 1024;

    /** How long a refused client may continue to send. */
    public static final Duration TIME = Duration.ofSeconds(2);

    private final Runnable complete;
    private final AtomicInteger outstanding = new AtomicInteger(2); // two: the answer is written, the body is read
    private int bytes;

    /** @param complete ends the exchange; called when the answer is written and the body read, or the client is gone */
    public UnwantedBody(Request request, Runnable complete) {
        super(request);
        this.complete = complete;
    }

    @Override
    boolean take(ByteBuffer more) {
        bytes += more.remaining();
        return bytes <= MAX_BYTES;
    }

    @Override
    void whole() {
        succeeded();
    }

    @Override
    void broken(Problem problem) {
        complete.run();
    }

    @Override
    void gone() {
        // nothing to end
    }

    /** The answer is written, or the body read. */
    @Override
    public void succeeded() {
        if (outstanding.decrementAndGet() == 0) {
            complete.run();
        }
    }

    /** The answer can't be written: the client is gone. */
    @Override
    public void failed(Throwable cause) {
        succeeded();
    }
}
