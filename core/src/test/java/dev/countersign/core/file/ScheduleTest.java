package dev.countersign.core.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Queue, keys, journal and flusher under schedules drawn from seeds; and three races, put in by hand, that these find. */
@Timeout(value = 10, unit = TimeUnit.MINUTES) // on a busy machine; a schedule that hangs is found by itself
class ScheduleTest {

    /** Seeds from 1; more by {@code -Dcountersign.schedules=}. */
    private static final int SCHEDULES = Integer.getInteger("countersign.schedules", 300);

    @Test
    void inNoScheduleIsARequestAnsweredUnflushedLoggedTwiceLostOrLeftHanging() throws Exception {
        for (int seed = 1; seed <= SCHEDULES; seed++) {
            assertEquals(
                    List.of(),
                    new Schedule(seed, ScheduleDisk.JournalFlush.RIGHT, Schedule.Keys.RIGHT).faults(),
                    "seed " + seed);
        }
    }

    @Test
    void anAnswerBeforeTheFlushIsFound() throws Exception {
        assertFound("answered before it was flushed", ScheduleDisk.JournalFlush.LATE, Schedule.Keys.RIGHT);
    }

    @Test
    void aKeyThatStandsTwiceInOneBatchIsFound() throws Exception {
        assertFound("was logged 2 times", ScheduleDisk.JournalFlush.RIGHT, Schedule.Keys.OF_EARLIER_BATCHES_ONLY);
    }

    @Test
    void spaceReusedBeforeItsHeaderIsFlushedIsFound() throws Exception {
        assertFound("is written over", ScheduleDisk.JournalFlush.NOT_OF_LONE_HEADERS, Schedule.Keys.RIGHT);
    }

    private static void assertFound(String expected, ScheduleDisk.JournalFlush flush, Schedule.Keys keys)
            throws IOException {
        Optional<String> found = Optional.empty();
        for (int seed = 1; seed <= SCHEDULES && found.isEmpty(); seed++) {
            found = new Schedule(seed, flush, keys)
                    .faults().stream().filter(fault -> fault.contains(expected)).findFirst();
        }
        assertTrue(found.isPresent(), "no schedule of " + SCHEDULES + " shows that something " + expected);
    }
}
