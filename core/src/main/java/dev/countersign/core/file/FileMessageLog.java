package dev.countersign.core.file;

import dev.countersign.core.Appended;
import dev.countersign.core.ClientId;
import dev.countersign.core.Erased;
import dev.countersign.core.GroupCommit;
import dev.countersign.core.Home;
import dev.countersign.core.LogFigures;
import dev.countersign.core.MemoryBudget;
import dev.countersign.core.MessageLog;
import dev.countersign.core.Messages;
import dev.countersign.core.Past;
import dev.countersign.core.StartupException;
import java.io.IOException;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/** Messages in files: requests gather into batches, and {@link LogWriter} makes each batch durable. */
public final class FileMessageLog implements MessageLog {

    private final LogWriter writer;
    private final Flusher flusher;
    private final Archive archive;
    private final GroupCommit<Request, Appended> commits;

    private FileMessageLog(
            LogWriter writer, Archive archive, int queueSize, MemoryBudget queueMemory, Executor completions) {
        this.writer = writer;
        this.archive = archive;
        archive.start();
        flusher = new Flusher(writer);
        commits = new GroupCommit<>("message-log-writer", queueSize, completions, writer, queueMemory, Request::bytes);
    }

    /**
     * Makes the log equal to the journal, whatever a crash or somebody else left, and opens both.
     *
     * @param past what the home was before; asked only where it has no journal
     * @param queueSize requests that may wait
     * @param queueMemory bounds the bytes of their lines
     * @param completions completes the stages of a batch
     * @throws StartupException where something can't be opened, or the disk has lost what it had flushed
     */
    public static FileMessageLog open(
            MessageFiles files, Past past, int queueSize, MemoryBudget queueMemory, Executor completions, Clock clock) {
        try {
            Disk disk = new LocalDisk(files);
            LogWriter writer = new Start(disk, files, clock, System::nanoTime).run(past);
            Archive archive = new Archive(disk, files, clock, System::nanoTime, writer);
            return new FileMessageLog(writer, archive, queueSize, queueMemory, completions);
        } catch (IOException e) {
            throw new StartupException(
                    "can't open the messages in " + files.dataFolder().getParent() + ": " + Home.reason(e)
                            + ". Give this user the right to, make room, or choose another folder with --home.",
                    e);
        }
    }

    @Override
    public CompletionStage<Appended> append(Messages messages) {
        return commits.submit(Request.of(messages));
    }

    @Override
    public CompletionStage<Erased> erase(ClientId id) {
        return archive.erase(id);
    }

    @Override
    public Optional<String> trouble() {
        return commits.trouble().or(flusher::trouble);
    }

    @Override
    public LogFigures figures() {
        return writer.figures(commits.figures());
    }

    @Override
    public CompletionStage<Throwable> writerDeath() {
        return commits.writerDeath();
    }

    @Override
    public void close() throws IOException {
        try (writer;
                flusher;
                archive;
                commits) {
            // closed in reverse order, whichever of them fails
        }
    }
}
