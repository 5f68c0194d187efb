package dev.countersign.core;

import java.io.Closeable;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.CompletionStage;

/**
 * The message log, independent of the engine.
 *
 * <p>Safe for use by many threads; no call blocks. If a client waits for each answer, its messages are logged in the
 * order sent.
 */
public interface MessageLog extends Closeable {

    /**
     * Logs the texts next to each other, all or none. A repeat of a request with a key is not logged again.
     *
     * @return completes when the texts are durable. Fails with {@link OverloadedException} if too many requests wait,
     *     and with {@link UnavailableException} if it is unknown whether the texts are logged
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

    /** Completes with the cause when a thread of the engine dies. From then on every call fails. */
    CompletionStage<Throwable> writerDeath();

    /** Accepts no more calls, logs the queued messages, and closes the files. */
    @Override
    void close() throws IOException;
}
