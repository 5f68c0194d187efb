package dev.countersign.perf;

import dev.countersign.perf.data.Results.*;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import org.HdrHistogram.Histogram;

/** How long the disk takes to keep a block for good, with nothing else in the way: every answer waits for that. */
final class DiskFlush {

    private static final int BLOCK_BYTES = 4096;
    private static final int BLOCKS = 1024;

    private DiskFlush() {}

    /** Goes round a file whose blocks were written before, as the server goes round its journal. */
    static Disk measure(Path folder, Duration length) throws IOException {
        Histogram micros = new Histogram(3);
        ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_BYTES);
        try (FileChannel file = FileChannel.open(
                folder.resolve("flushed"),
                StandardOpenOption.CREATE_NEW,
                StandardOpenOption.WRITE,
                StandardOpenOption.DELETE_ON_CLOSE)) {
            for (int i = 0; i < BLOCKS; i++) {
                file.write(block.clear());
            }
            file.force(true);
            long begin = System.nanoTime();
            long start = begin;
            while (start - begin < length.toNanos()) {
                file.write(block.clear(), micros.getTotalCount() % BLOCKS * BLOCK_BYTES);
                file.force(false);
                long end = System.nanoTime();
                micros.recordValue((end - start) / 1000);
                start = end;
            }
            return new Disk(micros.getTotalCount() * 1e9 / (start - begin), Latency.of(micros, 1));
        }
    }
}
