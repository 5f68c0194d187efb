package dev.countersign.perf;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.perf.data.Results.Disk;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DiskFlushTest {

    @Test
    void theRateFitsTheTimesAndNothingIsLeft(@TempDir Path folder) throws Exception {
        Disk disk = DiskFlush.measure(folder, Duration.ofMillis(300));

        assertTrue(disk.flush().p50() <= disk.flush().p99()
                && disk.flush().p99() <= disk.flush().max());
        // one after another: half of them take the median or more, and none takes longer than the longest
        assertTrue(disk.flushesPerSecond() * disk.flush().p50() / 2 <= 1_010_000, disk::toString);
        assertTrue(disk.flushesPerSecond() * (disk.flush().max() + 1) >= 990_000, disk::toString);
        assertEquals(0, folder.toFile().list().length, "files left");
    }
}
