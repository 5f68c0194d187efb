package dev.countersign.core.file;

import dev.countersign.core.GroupCommit;
import dev.countersign.core.Home;
import java.io.Closeable;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The thread that flushes log and key file in the background and checks the log, 20 times a second. */
final class Flusher implements Closeable {

    private static final Logger log = LoggerFactory.getLogger(Flusher.class);
    private static final long INTERVAL_NANOS = TimeUnit.MILLISECONDS.toNanos(50);

    /**
     * A flush of a growing file delays flushes of the journal: so it flushes less often, unless the journal fills up.
     */
    private static final int LOOKS_A_FLUSH = 4;

    private final LogWriter messages;
    private final Thread thread = new Thread(this::run, "message-log-flusher");
    private volatile boolean closed;
    private volatile Optional<Throwable> failure = Optional.empty();

    Flusher(LogWriter messages) {
        this.messages = messages;
        thread.setDaemon(true);
        thread.start();
    }

    /** Why the log can't be written; empty if it can. */
    Optional<String> trouble() {
        return failure.map(cause -> "can't keep the message log: " + Home.reason(cause));
    }

    private void run() {
        for (int look = 1; !closed; look++) {
            LockSupport.parkNanos(this, INTERVAL_NANOS);
            try {
                messages.grow();
                if (look % LOOKS_A_FLUSH == 0 || failure.isPresent() || messages.isFillingUp()) {
                    messages.checkpoint();
                }
                messages.probe();
                if (failure.isPresent()) {
                    failure = Optional.empty();
                    log.info("the message log is kept again");
                }
            } catch (Throwable e) { // an Error, too: without this thread the journal would fill up
                boolean isFirst = failure.isEmpty();
                failure = Optional.of(e);
                if (isFirst) {
                    log.error("can't keep the message log; refusing work until it succeeds again", e);
                }
            }
        }
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        GroupCommit.awaitEnd(thread);
    }
}
