package dev.countersign.core;

import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * The log of messages, whatever engine keeps it.
 *
 * <p>Safe for use by many threads; no call waits. Messages of one client that waits for each answer are logged in the
 * order sent.
 */
public interface MessageLog extends Closeable {

    /**
     * Logs the texts next to each other, all or none; a repeat of a request with a key is not logged again.
     *
     * @return what became of them, once they are durable; fails with {@link OverloadedException} where too much waits
     *     already, and with {@link UnavailableException} where it is unknown whether they are logged
     */
    CompletionStage<Appended> append(Messages messages);

    /**
     * Removes the texts of all that an id has sent up to now; receipts and times stay, and keys are answered as before.
     *
     * @return what was done, once the texts are in none of this log's files, nor can come back; where it fails, each
     *     message is erased or as it was, and erasing again goes on
     */
    CompletionStage<Erased> erase(ClientId id);

    /** Why it can't take messages, in words; empty where it can. */
    Optional<String> trouble();

    /** What it has done since it was opened, and how it stands. Never waits for a batch that is being written. */
    LogFigures figures();

    /** Completes with the cause when a thread of the engine dies: from then on every call fails, for good. */
    CompletionStage<Throwable> writerDeath();

    /** Takes no more calls, logs what waits, and closes the files. */
    @Override
    void close() throws IOException;
}
