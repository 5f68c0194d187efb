package dev.countersign.perf.load;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.time.Duration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CpuClockTest {

    private final CpuClock clock = new CpuClock();

    @BeforeEach
    void read() {
        clock.read(1_000, Duration.ofMillis(500));
        clock.read(2_000, Duration.ofMillis(1_000));
        clock.read(3_000, Duration.ofMillis(3_000));
    }

    @Test
    void timeBetweenReadingsIsTheirDifference() {
        assertEquals(2.5, clock.secondsBetween(1_000, 3_000));
    }

    @Test
    void timeWithinReadingsIsSpreadEvenly() {
        assertEquals(1.25, clock.secondsBetween(1_500, 2_500), 1e-9);
    }

    @Test
    void noTimeIsMadeUpBeyondTheReadings() {
        assertEquals(2.5, clock.secondsBetween(0, 9_000));
    }
}
