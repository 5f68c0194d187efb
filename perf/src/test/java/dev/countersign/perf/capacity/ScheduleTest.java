package dev.countersign.perf.capacity;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.countersign.perf.capacity.LoadGenerator.Schedule;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class ScheduleTest {

    @Test
    void requestsAreDueEvenlySpacedFromTheStart() {
        Schedule schedule = new Schedule(1000, 4, Duration.ofSeconds(1));

        assertEquals(1000, schedule.due(0));
        assertEquals(1000 + 250_000_000, schedule.due(1));
        assertEquals(1000 + 750_000_000, schedule.due(3));
    }

    @Test
    void theRequestThatWouldBeDueAtTheEndIsNotSent() {
        assertEquals(4, new Schedule(0, 4, Duration.ofSeconds(1)).requests());
        assertEquals(5, new Schedule(0, 4, Duration.ofMillis(1001)).requests());
    }

    @Test
    void aRateThatDividesNoSecondEvenlyDoesNotDrift() {
        assertEquals(3_600_000_000_000L, new Schedule(0, 7, Duration.ofHours(1)).due(7 * 3600));
    }
}
