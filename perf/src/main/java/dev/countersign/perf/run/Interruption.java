package dev.countersign.perf.run;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Cleans up when a run is ended from outside, by Ctrl-C, SIGTERM or the end of Maven: ends every process that the run
 * started, lets its thread unwind, and removes its folder. Nothing else here reacts to a signal.
 */
public final class Interruption {

    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final int ORPHANED = 3;

    private final Thread worker = Thread.currentThread();
    private final Path folder;
    private final Thread hook = new Thread(this::cleanUp, "clean-up");

    private Interruption(Path folder) {
        this.folder = folder;
    }

    /** Prepares for one that comes while the calling thread is at work. */
    public static Interruption prepare(Path folder) {
        Interruption interruption = new Interruption(folder);
        Runtime.getRuntime().addShutdownHook(interruption.hook);
        // a Maven that is terminated does not pass it on to what exec:exec started
        ProcessHandle.current().parent().ifPresent(parent -> parent.onExit().thenRun(() -> System.exit(ORPHANED)));
        return interruption;
    }

    /** Prints the lines and ends the process; does nothing where an interruption is ending it already. */
    public void exit(int exitCode, String... lines) {
        if (cancel()) {
            List.of(lines).forEach(System.out::println);
            System.exit(exitCode);
        }
    }

    /** The run is over and has cleaned up; false where an interruption is doing so. */
    public boolean cancel() {
        try {
            return Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            return false;
        }
    }

    private void cleanUp() {
        worker.interrupt();
        ProcessHandle.current().descendants().forEach(ProcessHandle::destroy);
        try {
            worker.join(PATIENCE.toMillis());
            // ends what did not heed the first, or was started since
            ProcessHandle.current().descendants().forEach(ProcessHandle::destroyForcibly);
            Folders.delete(folder);
        } catch (IOException e) {
            throw new UncheckedIOException("can't remove " + folder, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
