package dev.countersign.core.sql;

import dev.countersign.core.ClientId;
import dev.countersign.core.Past;
import dev.countersign.core.Registration;
import java.io.Closeable;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiPredicate;
import javax.sql.DataSource;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;
import org.jdbi.v3.core.Jdbi;
import org.jdbi.v3.core.JdbiException;
import org.jdbi.v3.core.statement.StatementExceptions;
import org.jdbi.v3.core.statement.StatementExceptions.MessageRendering;

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
    <R> R readApart(HandleCallback<R, RuntimeException> work);

    /** A subquery for the ids in a JSON array, its only parameter. */
    String idsOfJson();

    /**
     * Inserts the registrations whose ids are free; called within {@link #write}.
     *
     * @param registrations of different ids, sorted by id: servers that insert the same ids can't deadlock
     * @return the ids of the inserted registrations
     */
    Set<String> insert(Handle handle, List<Registration> registrations, long nowMillis);

    /** Makes the smallest possible write; throws if a commit would fail. */
    void probe() throws IOException;

    /**
     * Finds the ids whose rows other processes have changed since the last call, and may include those that this one has
     * changed; empty if any row may have changed.
     *
     * @throws IOException or another exception if that can't be found out now, or a commit would fail
     */
    Optional<Set<ClientId>> foreignChanges() throws IOException, SQLException;

    @Override
    void close();

    static Jdbi jdbi(DataSource source) {
        return Jdbi.create(source)
                .configure(
                        StatementExceptions.class,
                        messages -> messages.setMessageRendering(
                                MessageRendering.SHORT_STATEMENT)); // values of a batch may be thousands
    }

    /** What the driver says of a failure. */
    static Throwable cause(Exception e) {
        return e instanceof JdbiException && e.getCause() != null ? e.getCause() : e;
    }
}
