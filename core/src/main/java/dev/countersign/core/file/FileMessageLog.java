package dev.countersign.core.file;

import dev.countersign.core.Appended;
import dev.countersign.core.GroupCommit;
import dev.countersign.core.MemoryBudget;
import dev.countersign.core.MessageLog;
import dev.countersign.core.Messages;
import dev.countersign.core.Past;
import dev.countersign.core.StartupException;
import java.io.IOException;
import java.time.Clock;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;

/** Messages in files: requests gather into batches, and {@link LogWriter} makes each batch durable. */
public final class FileMessageLog implements MessageLog {

    private final LogWriter writer;
    private final GroupCommit<Request, Appended> commits;

    private FileMessageLog(LogWriter writer, GroupCommit<Request, Appended> commits) {
        this.writer = writer;
        this.commits = commits;
    }

    /**
     * Makes the log equal to the journal, whatever a crash or somebody else left, and opens both.
     *
     * @param queueSize requests that may wait
     * @param queueMemory bounds the bytes of their lines
     * @param completions completes the stages of a batch
     * @throws StartupException where something can't be opened, or the disk has lost what it had flushed
     */
    public static FileMessageLog open(
            MessageFiles files, Past past, int queueSize, MemoryBudget queueMemory, Executor completions, Clock clock) {
        LogWriter writer = LogWriter.open(files, past, clock);
        return new FileMessageLog(
                writer,
                new GroupCommit<>(
                        "message-log-writer",
                        queueSize,
                        completions,
                        new Batches(writer),
                        queueMemory,
                        Request::bytes));
    }

    @Override
    public CompletionStage<Appended> append(Messages messages) {
        return commits.submit(Request.of(messages));
    }

    @Override
    public boolean healthy() {
        return commits.healthy() && writer.healthy();
    }

    @Override
    public CompletionStage<Throwable> writerDeath() {
        return commits.writerDeath();
    }

    @Override
    public void close() throws IOException {
        try (writer) {
            commits.close();
        }
    }

    private record Batches(LogWriter writer) implements GroupCommit.Sink<Request, Appended> {

        @Override
        public List<Appended> commit(List<Request> requests) throws IOException {
            return writer.commit(requests);
        }

        @Override
        public void probe() throws IOException {
            writer.probe();
        }
    }
}
