package dev.countersign.core.sql;

import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.transaction.DelegatingTransactionHandler;
import org.jdbi.v3.core.transaction.LocalTransactionHandler;
import org.jdbi.v3.core.transaction.TransactionHandler;

/**
 * Begins and ends SQLite's transactions with SQL instead of JDBC. When sqlite-jdbc fails to begin a transaction, it
 * treats it as begun all the same, and later ones as part of it. And its commit at once begins the next transaction,
 * whose failure then looks like a failure of the commit.
 *
 * <p>Each transaction takes the write lock when it begins. A deferred transaction takes it later, and may then fail for
 * good with SQLITE_BUSY. There is one instance per handle, for use by one thread at a time.
 */
final class ImmediateTransactions extends DelegatingTransactionHandler {

    private boolean open;

    ImmediateTransactions() {
        super(new LocalTransactionHandler());
    }

    @Override
    public TransactionHandler specialize(Handle handle) {
        return new ImmediateTransactions();
    }

    @Override
    public void begin(Handle handle) {
        handle.execute("BEGIN IMMEDIATE");
        open = true;
    }

    @Override
    public void commit(Handle handle) {
        handle.execute("COMMIT");
        open = false;
    }

    @Override
    public void rollback(Handle handle) {
        open = false;
        handle.execute("ROLLBACK");
    }

    @Override
    public boolean isInTransaction(Handle handle) {
        return open;
    }

    @Override
    public <R, X extends Exception> R inTransaction(Handle handle, HandleCallback<R, X> work) throws X {
        handle.begin();
        try {
            R result = work.withHandle(handle);
            handle.commit();
            return result;
        } catch (Throwable e) {
            try {
                handle.rollback();
            } catch (RuntimeException rolledBackAlready) { // by SQLite itself, for example on a full disk
                e.addSuppressed(rolledBackAlready);
            }
            throw e;
        }
    }
}
