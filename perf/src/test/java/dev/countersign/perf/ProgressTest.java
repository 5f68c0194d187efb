package dev.countersign.perf;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class ProgressTest {

    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private Instant now = Instant.EPOCH;

    @Test
    void eachLineSaysHowLongItTookWhatIsLeftAndWhatRuns() {
        try (Progress progress = new Progress(() -> now, new PrintStream(printed, true, UTF_8))) {
            progress.expect(Duration.ofSeconds(60));
            progress.expect(Duration.ofSeconds(30));
            progress.begin(Duration.ofSeconds(60));
            now = now.plusSeconds(20);
            progress.say("51: under way");
            now = now.plusSeconds(50);
            progress.say("51: late");
            progress.begin(Duration.ofSeconds(30));
            progress.say("500: under way");
        }

        assertEquals(
                List.of(
                        "[0:20, about 1:10 to go] 51: under way",
                        "[1:10, about 0:30 to go] 51: late",
                        "[1:10, about 0:30 to go] 500: under way"),
                printed.toString(UTF_8).lines().toList());
    }
}
