package dev.countersign.core.sql;

import dev.countersign.core.ClientId;
import dev.countersign.core.Past;
import dev.countersign.core.Registration;
import java.io.Closeable;
import java.io.IOException;
import java.sql.SQLException;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;

/**
 * A database with the table of registrations: its connections, its transactions, and the SQL that differs between
 * engines.
 *
 * <p>One thread calls {@link #read}, another thread everything else, so that neither waits for the other.
 */
public interface Database extends Closeable {

    /**
     * The home's state before this start. A database outside the home can't know it, and assumes that the journal is
     * lost.
     */
    default Past past() {
        return Past.LOST_JOURNAL;
    }

    /** Records that the home has a journal, if the database is in the home. */
    default void noteJournal() {}

    /**
     * Does the work in one transaction, and returns its result when the transaction is durable.
     *
     * @param isStored tells whether the table has what the work wrote; called when a commit got no answer
     * @throws IOException or an unchecked exception if the transaction is not durable, or that is unknown
     */
    <R> R write(HandleCallback<R, RuntimeException> work, BiPredicate<Handle, R> isStored) throws IOException;

    <R> R read(HandleCallback<R, RuntimeException> work);

    /** As {@link #read}, for any thread: uses a connection of its own. */
    default <R> R readApart(HandleCallback<R, RuntimeException> work) {
        return read(work);
    }

    /**
     * Inserts the registrations whose ids are free; called within {@link #write}.
     *
     * @return the indexes of the inserted registrations; of several with the same id, the first one is inserted
     */
    BitSet insert(Handle handle, List<Registration> registrations, long nowMillis);

    /** A subquery for the ids in a JSON array, its only parameter. */
    String idsOfJson();

    /** Makes the smallest possible write; throws if a commit would fail. */
    void probe() throws IOException;

    /**
     * Finds the ids whose rows other processes have changed since the last call; empty if any row may have changed.
     *
     * @throws IOException or another exception if that can't be found out now, or a commit would fail
     */
    Optional<Set<ClientId>> foreignChanges() throws IOException, SQLException;

    @Override
    void close();
}
