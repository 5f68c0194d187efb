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

/** Keeps messages in files: collects requests into batches, which {@link LogWriter} makes durable. */
public final class FileMessageLog implements MessageLog {

    private final LogWriter writer;
    private final Flusher flusher;
    private final Archive archive;
    private final GroupCommit<Append, Appended> commits;

    private FileMessageLog(
            LogWriter writer, Archive archive, int queueSize, MemoryBudget queueMemory, Executor completions) {
        this.writer = writer;
        this.archive = archive;
        archive.start();
        flusher = new Flusher(writer);
        commits = new GroupCommit<>("message-log-writer", queueSize, completions, writer, queueMemory, Append::bytes);
    }

    /**
     * Opens log and journal; first restores the log from the journal, whatever a crash or somebody else did to it.
     *
     * @param past the home's state before this start; used only if the home has no journal
     * @param queueSize how many requests may wait
     * @param queueMemory limits the bytes of their lines
     * @param completions completes the stages of a batch
     * @throws StartupException if something can't be opened, or the disk has lost flushed data
     */
    public static FileMessageLog open(
            MessageFiles files, Past past, int queueSize, MemoryBudget queueMemory, Executor completions, Clock clock) {
        try {
            Disk disk = new LocalDisk(files.sharedFolder());
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
        return commits.submit(Append.of(messages));
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
