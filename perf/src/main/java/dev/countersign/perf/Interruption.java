package dev.countersign.perf;

import dev.countersign.perf.load.Project;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;

/**
 * What becomes of a run when Ctrl-C or SIGTERM comes: every process that it started is ended, what it was doing unwinds,
 * and its folder goes.
 */
final class Interruption {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final int ORPHANED = 3;

    private final Thread worker = Thread.currentThread();
    private final Path folder;
    private final Thread hook = new Thread(this::cleanUp, "clean-up");

    private Interruption(Path folder) {
        this.folder = folder;
    }

    /** Prepares for one that comes while the calling thread is at work. */
    static Interruption prepare(Path folder) {
        Interruption interruption = new Interruption(folder);
        Runtime.getRuntime().addShutdownHook(interruption.hook);
        // a Maven that is terminated does not pass it on to what exec:exec started
        ProcessHandle.current().parent().ifPresent(parent -> parent.onExit().thenRun(() -> System.exit(ORPHANED)));
        return interruption;
    }

    /** Ends the process with these words; returns, and says nothing, where an interruption is ending it already. */
    void exit(int exitCode, String words) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            return;
        }
        System.out.println(words);
        System.exit(exitCode);
    }

    private void cleanUp() {
        worker.interrupt();
        ProcessHandle.current().descendants().forEach(ProcessHandle::destroy);
        try {
            worker.join(PATIENCE.toMillis());
            // ends what did not heed the first, or was started since
            ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
            Project.delete(folder);
        } catch (IOException e) {
            throw new UncheckedIOException("can't remove " + folder, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
