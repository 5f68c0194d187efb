package dev.countersign.core.file;

import dev.countersign.core.GroupCommit;
import java.io.Closeable;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The thread that flushes log and keys behind the writer's back, 20 times a second, and looks after the log. */
final class Flusher implements Closeable {

    private static final Logger log = LoggerFactory.getLogger(Flusher.class);
    private static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    private final LogWriter messages;
    private final Thread thread = new Thread(this::run, "message-log-flusher");
    private volatile boolean closed;
    private volatile boolean healthy = true;

    Flusher(LogWriter messages) {
        this.messages = messages;
        thread.setDaemon(true);
        thread.start();
    }

    boolean healthy() {
        return healthy;
    }

    private void run() {
        boolean grows = true;
        while (!closed) {
            LockSupport.parkNanos(this, INTERVAL_NANOS);
            grows = grows && grow();
            try {
                messages.checkpoint();
                if (!healthy) {
                    healthy = true;
                    log.info("the message log is flushed again");
                }
            } catch (Throwable e) { // an Error too: without this thread the journal would fill up
                if (healthy) {
                    healthy = false;
                    log.error("can't flush the message log; refusing work until it succeeds again", e);
                }
            }
        }
    }

    /** False where the disk has no room: what is left of it is for messages. */
    private boolean grow() {
        try {
            messages.grow();
            return true;
        } catch (IOException e) {
            log.warn("the journal can't have its full size, so that bursts may wait: {}", e.getMessage());
            return false;
        }
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        GroupCommit.awaitEnd(thread);
    }
}
