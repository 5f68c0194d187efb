package dev.countersign.perf.run;

import java.io.IOException;
import java.time.Duration;

/**
 * One step of a run.
 *
 * @param name what it does, for the line of progress
 * @param expected about how long it takes
 */
public record RunStep(String name, Duration expected, Work work) {

    /** What a step does. */
    public interface Work {
        void run() throws IOException, InterruptedException;
    }
}
