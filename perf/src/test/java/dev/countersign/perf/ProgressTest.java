package dev.countersign.perf;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.countersign.perf.run.RunStep;
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
    void eachLineSaysHowLongItTookWhatIsLeftAndWhatRuns() throws Exception {
        try (Progress progress = new Progress(() -> now, new PrintStream(printed, true, UTF_8))) {
            RunStep first = new RunStep("51", Duration.ofSeconds(60), () -> {
                now = now.plusSeconds(20);
                progress.say("51: under way");
                now = now.plusSeconds(50);
                progress.say("51: late");
            });
            progress.run(List.of(first, new RunStep("500", Duration.ofSeconds(30), () -> {})));
        }

        assertEquals(
                List.of(
                        "[0:00, about 1:30 to go] 51",
                        "[0:20, about 1:10 to go] 51: under way",
                        "[1:10, about 0:30 to go] 51: late",
                        "[1:10, about 0:30 to go] 500"),
                printed.toString(UTF_8).lines().toList());
    }
}
