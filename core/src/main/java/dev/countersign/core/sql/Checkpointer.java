package dev.countersign.core.sql;

import dev.countersign.core.GroupCommit;
import dev.countersign.core.UnknownStateError;
import java.io.Closeable;
import java.util.concurrent.locks.LockSupport;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.sqlite.SQLiteErrorCode;
import org.sqlite.SQLiteException;

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
        NEARLY_DONE,
        FAILED
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

    /**
     * Called by the writer's thread between transactions.
     *
     * @throws UnknownStateError if a copy has failed
     */
    void beforeWrite(Handle writer) {
        if (state == State.NEARLY_DONE) {
            state = copy(writer) < 0 ? State.FAILED : State.WAITING;
        }
        if (state == State.FAILED) {
            throw new UnknownStateError("the database can't be flushed; the next start restores it from its log", null);
        }
        long changes =
                writer.createQuery("SELECT total_changes()").mapTo(Long.class).one();
        if (state == State.WAITING && changes - changesAtStart >= changesInBetween) {
            changesAtStart = changes;
            state = State.COPYING;
            LockSupport.unpark(thread);
        }
    }

    private void run() {
        while (!closed) {
            if (state == State.COPYING) {
                state = copyAlmostAll();
            } else {
                LockSupport.park(this);
            }
        }
    }

    /** Each pass copies what was written during the one before, which takes less time. */
    private State copyAlmostAll() {
        int before;
        int left = Integer.MAX_VALUE;
        do {
            before = left;
            left = copy(handle);
        } while (left > FEW_PAGES && left < before / 2 && !closed); // somebody who reads may keep it from going on
        return left < 0 ? State.FAILED : State.NEARLY_DONE;
    }

    /**
     * Waits for nobody. A copy that is not to the end of the log is not flushed, and SQLite does not repeat it. If the
     * flush at the end fails, the operating system may have dropped it; so the log must not begin anew.
     *
     * @return how many pages of the log are yet to be copied; negative if the copy has failed
     */
    private static int copy(Handle handle) {
        try {
            return handle.createQuery("PRAGMA wal_checkpoint(PASSIVE)")
                    .map((row, context) -> row.getInt("log") - row.getInt("checkpointed"))
                    .one();
        } catch (JdbiException e) {
            boolean isFull = Database.cause(e) instanceof SQLiteException full
                    && full.getResultCode() == SQLiteErrorCode.SQLITE_FULL; // a write has failed, not a flush
            log.warn("can't copy the database's log to its table", e);
            return isFull ? 0 : -1;
        }
    }

    /** Then a handle must not be closed, either: the last one to be closed copies the log, and removes it. */
    boolean hasFailed() {
        return state == State.FAILED;
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        GroupCommit.awaitEnd(thread);
        if (!hasFailed()) {
            handle.close();
        }
    }
}
