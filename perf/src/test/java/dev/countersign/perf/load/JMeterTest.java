package dev.countersign.perf.load;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class JMeterTest {

    @TempDir
    Path folder;

    @Test
    void theLongestPauseIsOfAllThatHoldsAThreadUp() throws IOException {
        assertEquals(0.025, longestPauseMillis("""
                [1.247s][info][gc,phases] GC(0) Y: Pause Mark Start (Major) 0.025ms
                [1.293s][info][gc,phases] GC(0) Y: Concurrent Mark 45.723ms
                [1.293s][info][gc,phases] GC(0) Y: Pause Mark End 0.013ms
                """), "what goes on beside the threads holds none up");
        assertEquals(35.181, longestPauseMillis("""
                [1.247s][info][gc,phases] GC(0) Pause Mark Start 0.006ms
                [1.317s][info][gc       ] Allocation Stall (StandardJMeterEngine-1) 35.181ms
                [1.422s][info][gc       ] Relocation Stall (clients 1-62) 8.195ms
                """));
        assertEquals(0, longestPauseMillis("[0.408s][info][gc] Using The Z Garbage Collector\n"));
    }

    private double longestPauseMillis(String log) throws IOException {
        Files.writeString(folder.resolve("gc.log"), log);
        return new JMeter.Run(null, folder).longestPauseMillis();
    }
}
