package dev.countersign.core.sql;

import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.transaction.DelegatingTransactionHandler;
import org.jdbi.v3.core.transaction.LocalTransactionHandler;
import org.jdbi.v3.core.transaction.TransactionHandler;

/**
 * SQLite's transactions for Jdbi, in SQL instead of by JDBC. Where sqlite-jdbc can't begin a transaction, it takes it as
 * begun all the same, and later ones as part of it; and its commit begins the next at once, whose failure then reads as
 * the commit's own.
 *
 * <p>Each takes the write lock when it begins: a deferred one takes it late, and may then fail for good with
 * SQLITE_BUSY. One instance a handle, for one thread at a time.
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
            } catch (RuntimeException rolledBackAlready) { // by SQLite itself, on a full disk say
                e.addSuppressed(rolledBackAlready);
            }
            throw e;
        }
    }
}
