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
 * <p>Jetty calls {@link #run} when there may be something to read, and the timer may end the reading at any time. One
 * thread at a time reads. The last call is {@link #whole}, {@link #broken}, {@link #gone}, or a {@link #take} that returns
 * false.
 */
abstract class BodyReader implements Runnable {

    private enum State {
        WAITING,
        READING,
        ENDED
    }

    /** What a read gives after the exchange has ended. */
    private static final Content.Chunk ENDED = Content.Chunk.from(new IllegalStateException("the exchange has ended"));

    private final Request request;
    private State state = State.READING; // until start() has read: the timer may run before that
    private boolean calledWhileReading;
    private boolean timeIsUp;
    private Scheduler.Task timer;

    BodyReader(Request request) {
        this.request = request;
    }

    /** Gets the next bytes; returns false to end the reading. */
    abstract boolean take(ByteBuffer bytes);

    /** The body is complete. */
    abstract void whole();

    /** The body broke off, is not framed as HTTP requires, or did not arrive in time or before the server stopped. */
    abstract void broken(Problem problem);

    /** Jetty has ended the exchange, because the client is gone. There is nobody to answer. */
    abstract void gone();

    /** Takes the first part, reads what has arrived, and continues by itself when more arrives. */
    public final void start(Content.Chunk first, Duration timeout) {
        timer = request.getComponents().getScheduler().schedule(this::endOfTime, timeout);
        if (!isEndedBy(first)) {
            read();
        }
    }

    @Override
    public final void run() {
        synchronized (this) {
            if (state == State.READING) {
                calledWhileReading = true;
            }
            if (state != State.WAITING) {
                return;
            }
            state = State.READING;
        }
        read();
    }

    private void read() {
        do {
            for (Content.Chunk chunk = next(); chunk != null; chunk = next()) {
                if (isEndedBy(chunk)) {
                    return;
                }
            }
        } while (isCalledAgain());
    }

    private Content.Chunk next() {
        try {
            return request.read();
        } catch (IllegalStateException e) { // the exchange has ended
            return ENDED;
        }
    }

    private boolean isEndedBy(Content.Chunk chunk) {
        if (Content.Chunk.isFailure(chunk)) {
            end();
            if (chunk == ENDED) {
                gone();
                return true;
            }
            broken(chunk.getFailure() instanceof TimeoutException ? silent() : Problem.MALFORMED_REQUEST);
            return true;
        }
        boolean last = chunk.isLast();
        boolean goOn = take(chunk.getByteBuffer());
        chunk.release();
        if (goOn && !last) {
            return false;
        }
        end();
        if (goOn) {
            whole();
        }
        return true;
    }

    /** Jetty waits a second for a silent client while it stops: too short a time to call it the client's fault. */
    private Problem silent() {
        boolean isStopping = request.getConnectionMetaData().getConnector().isShutdown();
        return isStopping ? Problem.UNAVAILABLE : Problem.REQUEST_TIMEOUT;
    }

    /** Asks Jetty to call again; true if it has done so already. */
    private boolean isCalledAgain() {
        boolean isGone;
        synchronized (this) { // so that the timer can't end the exchange between the check and the demand
            if (!timeIsUp && isDemanded()) {
                boolean again = calledWhileReading;
                calledWhileReading = false;
                state = again ? State.READING : State.WAITING;
                return again;
            }
            isGone = !timeIsUp;
            end();
        }
        if (isGone) {
            gone();
        } else {
            broken(Problem.REQUEST_TIMEOUT);
        }
        return false;
    }

    /** False if the exchange has ended. */
    private boolean isDemanded() {
        try {
            request.demand(this);
            return true;
        } catch (IllegalStateException e) {
            return false;
        }
    }

    private void endOfTime() {
        synchronized (this) {
            timeIsUp = true;
            if (state != State.WAITING) {
                return; // the reading thread sees the new state
            }
            state = State.ENDED;
        }
        broken(Problem.REQUEST_TIMEOUT);
    }

    private synchronized void end() {
        state = State.ENDED;
        timer.cancel();
    }
}
