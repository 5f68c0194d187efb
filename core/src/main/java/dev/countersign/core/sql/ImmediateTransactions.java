package dev.countersign.core.sql;

import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.transaction.LocalTransactionHandler;

/**
 * Begins and ends SQLite's transactions with SQL instead of JDBC. When sqlite-jdbc fails to begin a transaction, it
 * treats it as begun all the same, and later ones as part of it. And its commit at once begins the next transaction,
 * whose failure then looks like a failure of the commit.
 *
 * <p>Each transaction takes the write lock when it begins. A deferred transaction takes it later, and may then fail for
 * good with SQLITE_BUSY.
 */
final class ImmediateTransactions extends LocalTransactionHandler {

    @Override
    public <R, X extends Exception> R inTransaction(Handle handle, HandleCallback<R, X> work) throws X {
        handle.execute("BEGIN IMMEDIATE");
        try {
            R result = work.withHandle(handle);
            handle.execute("COMMIT");
            return result;
        } catch (Throwable e) {
            try {
                handle.execute("ROLLBACK");
            } catch (RuntimeException rolledBackAlready) { // by SQLite itself, for example on a full disk
                e.addSuppressed(rolledBackAlready);
            }
            throw e;
        }
    }
}
