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
 * A database with the table of registrations: its connections, its transactions, and the SQL in which engines differ.
 *
 * <p>{@link #read} is for one thread, all else for another, so that neither waits for the other.
 */
public interface Database extends Closeable {

    /** What the home was before this start. A database outside of it doesn't know, and takes the journal as lost. */
    default Past past() {
        return Past.LOST_JOURNAL;
    }

    /** Notes that the home's messages have a journal, where the database is in the home. */
    default void noteJournal() {}

    /**
     * Does the work in one transaction, and returns its result once that is durable.
     *
     * @param isStored whether the table has what the work wrote: asked where a commit ended without an answer
     * @throws IOException or an unchecked exception where it is not durable, or that is unknown
     */
    <R> R write(HandleCallback<R, RuntimeException> work, BiPredicate<Handle, R> isStored) throws IOException;

    <R> R read(HandleCallback<R, RuntimeException> work);

    /** The same for any thread, by a connection that nothing else waits for. */
    default <R> R readApart(HandleCallback<R, RuntimeException> work) {
        return read(work);
    }

    /**
     * Adds registrations whose ids are free, within {@link #write}.
     *
     * @return the places of those that were added; of several of one id, the first is
     */
    BitSet insert(Handle handle, List<Registration> registrations, long nowMillis);

    /** Writes as little as can be; throws where a commit would fail. */
    void probe() throws IOException;

    /**
     * Finds the ids whose rows other processes have changed since the last call; empty where any may be.
     *
     * @throws IOException or another exception where that can't be told now, or a commit would fail
     */
    Optional<Set<ClientId>> foreignChanges() throws IOException, SQLException;

    @Override
    void close();
}
