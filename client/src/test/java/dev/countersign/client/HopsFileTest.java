package dev.countersign.client;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.Gson;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HopsFileTest {

    /** The tests of perf draw the page from it. */
    private static final Path EXPECTED = Path.of("../perf/src/test/resources/report/pass/hops.json");

    @Test
    void theFileIsTheOneThatTheReportReads(@TempDir Path folder) throws IOException {
        String expected = Files.readString(EXPECTED);
        Path file = folder.resolve("data/hops.json");

        new Gson().fromJson(expected, Hops.class).write(file);

        assertEquals(expected, Files.readString(file));
    }
}
