package dev.countersign.core.sql;

import dev.countersign.core.GroupCommit;
import java.io.Closeable;
import java.util.concurrent.locks.LockSupport;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies SQLite's write-ahead log into the table on a thread of its own. In SQLite itself, the commit that fills the log
 * copies it, and all that wait for the writer wait for the copy.
 *
 * <p>While commits go on, this thread never reaches the end of the log, and only a log that is copied to its end can
 * begin anew. So when little is left, the writer copies that.
 */
final class Checkpointer implements Closeable {

    private static final Logger log = LoggerFactory.getLogger(Checkpointer.class);

    private enum State {
        WAITING,
        COPYING,
        NEARLY_DONE
    }

    /** Few enough that the writer copies them in some milliseconds. */
    private static final int FEW_PAGES = 512;

    private final Handle handle;
    private final int changesInBetween;
    private final Thread thread = new Thread(this::run, "registration-checkpointer");
    private long changesAtStart;
    private volatile State state = State.WAITING;
    private volatile boolean closed;

    /**
     * @param handle only for this; closed by {@link #close}
     * @param changesInBetween how many rows are changed before the log is copied
     */
    Checkpointer(Handle handle, int changesInBetween) {
        this.handle = handle;
        this.changesInBetween = changesInBetween;
        thread.setDaemon(true);
        thread.start();
    }

    /** Called by the writer's thread between transactions. */
    void beforeWrite(Handle writer) {
        if (state == State.NEARLY_DONE) {
            copy(writer);
            state = State.WAITING;
        }
        long changes = writer.createQuery("SELECT total_changes()").mapTo(Long.class).one();
        if (state == State.WAITING && changes - changesAtStart >= changesInBetween) {
            changesAtStart = changes;
            state = State.COPYING;
            LockSupport.unpark(thread);
        }
    }

    private void run() {
        while (!closed) {
            if (state == State.COPYING) {
                copyAlmostAll();
                state = State.NEARLY_DONE;
            } else {
                LockSupport.park(this);
            }
        }
    }

    /** Each pass copies what was written during the one before, which takes less time. */
    private void copyAlmostAll() {
        int before;
        int left = Integer.MAX_VALUE;
        do {
            before = left;
            left = copy(handle);
        } while (left > FEW_PAGES && left < before / 2 && !closed); // somebody who reads may keep it from going on
    }

    /**
     * Waits for nobody.
     *
     * @return how many pages of the log are yet to be copied
     */
    private static int copy(Handle handle) {
        try {
            return handle.createQuery("PRAGMA wal_checkpoint(PASSIVE)")
                    .map((row, context) -> row.getInt("log") - row.getInt("checkpointed"))
                    .one();
        } catch (JdbiException e) { // nothing is lost: all of it stays in the log
            log.warn("can't copy the write-ahead log to the table; it grows until that succeeds", e);
            return 0;
        }
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        GroupCommit.awaitEnd(thread);
        handle.close();
    }
}
