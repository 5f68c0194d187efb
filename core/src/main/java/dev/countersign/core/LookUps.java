package dev.countersign.core;

import java.io.Closeable;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.Optional;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.JdbiException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks up in the table whose code is whose. Safe for use by many threads: each look-up that is under way has a
 * connection of its own, so that none waits for another.
 */
final class LookUps implements Closeable {

    private static final Logger log = LoggerFactory.getLogger(LookUps.class);
    private static final ClientId ANYONE = new ClientId("anyone");

    private final Database database;
    private final ConcurrentLinkedDeque<Reader> idle = new ConcurrentLinkedDeque<>();
    private volatile boolean failing;

    LookUps(Database database) {
        this.database = database;
    }

    /**
     * The SHA-256 of an id's code, or empty where nobody registered it.
     *
     * @throws UnavailableException where the database can't be read
     */
    Optional<byte[]> codeSha256(ClientId id) {
        try {
            Optional<byte[]> found = find(id);
            if (failing) {
                failing = false;
                log.info("codes are looked up again");
            }
            return found;
        } catch (SQLException | JdbiException e) {
            if (!failing) { // it may fail for each message: once is enough to read
                failing = true;
                log.error(
                        "can't look codes up; refusing messages of clients that are not cached until it succeeds again",
                        e);
            }
            throw new UnavailableException("the database can't be read", e);
        }
    }

    /** Whether the last look-up succeeded; where it did not, tries another. */
    boolean healthy() {
        if (failing) {
            try {
                codeSha256(ANYONE);
            } catch (UnavailableException e) {
                return false;
            }
        }
        return true;
    }

    private Optional<byte[]> find(ClientId id) throws SQLException {
        Reader reader = take();
        try {
            Optional<byte[]> found = reader.codeSha256(id);
            idle.push(reader);
            return found;
        } catch (SQLException e) {
            try (reader) { // the next look-up has another; should this one not close, that is told beside the cause
                throw e;
            }
        }
    }

    private Reader take() throws SQLException {
        Reader reader = idle.poll();
        return reader != null ? reader : Reader.open(database);
    }

    /** To be called when no look-up is under way. */
    @Override
    public void close() {
        idle.forEach(Reader::close);
    }

    /** A connection, and the statement prepared once: to prepare it anew costs several times what the look-up does. */
    private record Reader(Handle handle, PreparedStatement selectCode) implements Closeable {

        static Reader open(Database database) throws SQLException {
            Handle handle = database.openReader();
            try {
                return new Reader(
                        handle,
                        handle.getConnection().prepareStatement("SELECT code_sha256 FROM registration WHERE id = ?"));
            } catch (SQLException e) {
                try (handle) {
                    throw e;
                }
            }
        }

        Optional<byte[]> codeSha256(ClientId id) throws SQLException {
            selectCode.setString(1, id.value());
            try (ResultSet rows = selectCode.executeQuery()) {
                return rows.next() ? Optional.of(rows.getBytes(1)) : Optional.empty();
            }
        }

        @Override
        public void close() {
            handle.close(); // and its statements
        }
    }
}
