package dev.countersign.web.http;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * Collects a body that arrives after its headers, in memory that is reserved for all of it. No thread waits for it.
 *
 * <p>Jetty calls {@link #run} when there may be something to read, and the timer calls it when the time is up. One thread
 * at a time reads: a call that finds another one running only leaves a note, and the running one goes on.
 */
public final class LateBody implements Runnable {

    private static final int FIRST_BYTES = 4096;

    private final Request request;
    private final int maxBytes;
    private final Consumer<byte[]> whole;
    private final Consumer<Problem> failed;
    private final Runnable gone;
    private byte[] body;
    private int length;
    private int calls = 1; // of run() that are under way; the first is start()
    private boolean hasEnded;
    private volatile boolean timeIsUp;
    private Scheduler.Task timer;

    /**
     * One of the last three is called, once.
     *
     * @param announcedBytes its Content-Length, at most {@code maxBytes}; negative if it has none
     * @param whole gets the complete body
     * @param failed gets the reason if the body breaks off, is longer than {@code maxBytes}, is not framed as HTTP
     *     requires, or does not arrive in time or before the server stops
     * @param gone called if Jetty has ended the exchange, because the client is gone; the request must not be used any
     *     more
     */
    public LateBody(
            Request request,
            int announcedBytes,
            int maxBytes,
            Consumer<byte[]> whole,
            Consumer<Problem> failed,
            Runnable gone) {
        this.request = request;
        this.maxBytes = maxBytes;
        this.whole = whole;
        this.failed = failed;
        this.gone = gone;
        body = new byte[announcedBytes < 0 ? Math.min(FIRST_BYTES, maxBytes) : announcedBytes];
    }

    /** Takes the first part, reads what has arrived, and continues by itself when more arrives. */
    public void start(Content.Chunk first, Duration timeout) {
        timer = request.getComponents().getScheduler().schedule(this::endOfTime, timeout);
        take(first);
        readAll();
    }

    private void endOfTime() {
        timeIsUp = true;
        run();
    }

    @Override
    public void run() {
        if (isFirstCall()) {
            readAll();
        }
    }

    private synchronized boolean isFirstCall() {
        return calls++ == 0;
    }

    private synchronized boolean isCalledAgain() {
        return --calls > 0;
    }

    private void readAll() {
        do {
            read();
        } while (isCalledAgain());
    }

    /** Reads until the body ends, or Jetty is to call again. */
    private void read() {
        while (!hasEnded) {
            if (timeIsUp) {
                end();
                failed.accept(Problem.REQUEST_TIMEOUT);
                return;
            }
            Content.Chunk chunk;
            try {
                chunk = request.read();
                if (chunk == null) {
                    request.demand(this);
                    return;
                }
            } catch (IllegalStateException e) { // the exchange has ended
                end();
                gone.run();
                return;
            }
            take(chunk);
        }
    }

    private void take(Content.Chunk chunk) {
        if (Content.Chunk.isFailure(chunk)) {
            end();
            failed.accept(chunk.getFailure() instanceof TimeoutException ? silent() : Problem.MALFORMED_REQUEST);
            return;
        }
        boolean isLast = chunk.isLast();
        boolean fits = chunk.remaining() <= maxBytes - length;
        if (fits) {
            append(chunk.getByteBuffer());
        }
        chunk.release();
        if (!fits) {
            end();
            failed.accept(Problem.BODY_TOO_LARGE);
        } else if (isLast) {
            end();
            whole.accept(length == body.length ? body : Arrays.copyOf(body, length));
        }
    }

    /** Jetty waits a second for a silent client while it stops: too short a time to call it the client's fault. */
    private Problem silent() {
        boolean isStopping = request.getConnectionMetaData().getConnector().isShutdown();
        return isStopping ? Problem.UNAVAILABLE : Problem.REQUEST_TIMEOUT;
    }

    private void append(ByteBuffer bytes) {
        int more = bytes.remaining();
        if (more > body.length - length) {
            body = Arrays.copyOf(body, Math.min(maxBytes, Math.max(length + more, 2 * body.length)));
        }
        bytes.get(body, length, more);
        length += more;
    }

    private void end() {
        hasEnded = true;
        timer.cancel();
    }
}
