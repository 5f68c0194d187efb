package dev.countersign.web.http;

import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.io.Content;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.util.thread.Scheduler;

/**
 * Reads the rest of a request's body as it arrives. No thread waits for it.
 *
 * <p>Jetty calls {@link #run} when there may be something to read, and the timer calls it when the time is up. One thread
 * at a time reads: a call that finds another one running only leaves a note, and the running one goes on. The last call
 * is {@link #whole}, {@link #broken} or {@link #gone}.
 */
abstract class BodyReader implements Runnable {

    private final Request request;
    private int calls = 1; // of run() that are under way; the first is start()
    private boolean hasEnded;
    private volatile boolean timeIsUp;
    private Scheduler.Task timer;

    BodyReader(Request request) {
        this.request = request;
    }

    /** Gets the next bytes; returns false if the body has become too large. */
    abstract boolean take(ByteBuffer bytes);

    /** The body is complete. */
    abstract void whole();

    /** The body broke off, is too large, is not framed as HTTP requires, or did not arrive in time or before the server stopped. */
    abstract void broken(Problem problem);

    /** Jetty has ended the exchange, because the client is gone. There is nobody to answer. */
    abstract void gone();

    /** Takes the first part, reads what has arrived, and continues by itself when more arrives. */
    public final void start(Content.Chunk first, Duration timeout) {
        timer = request.getComponents().getScheduler().schedule(this::endOfTime, timeout);
        take(first);
        readAll();
    }

    private void endOfTime() {
        timeIsUp = true;
        run();
    }

    @Override
    public final void run() {
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
                broken(Problem.REQUEST_TIMEOUT);
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
                gone();
                return;
            }
            take(chunk);
        }
    }

    private void take(Content.Chunk chunk) {
        if (Content.Chunk.isFailure(chunk)) {
            end();
            broken(chunk.getFailure() instanceof TimeoutException ? silent() : Problem.MALFORMED_REQUEST);
            return;
        }
        boolean isLast = chunk.isLast();
        boolean fits = take(chunk.getByteBuffer());
        chunk.release();
        if (!fits) {
            end();
            broken(Problem.BODY_TOO_LARGE);
        } else if (isLast) {
            end();
            whole();
        }
    }

    /** Jetty waits a second for a silent client while it stops: too short a time to call it the client's fault. */
    private Problem silent() {
        boolean isStopping = request.getConnectionMetaData().getConnector().isShutdown();
        return isStopping ? Problem.UNAVAILABLE : Problem.REQUEST_TIMEOUT;
    }

    private void end() {
        hasEnded = true;
        timer.cancel();
    }
}
