package dev.countersign.perf.capacity;

import java.time.Duration;
import org.HdrHistogram.Histogram;

/**
 * What came back while one server was under load for a while.
 *
 * @param length from the first request to the moment after which no new one was sent
 * @param inTime answers of status 201 that were whole within {@code length}
 * @param answered answers of status 201, those also that came in after {@code length} to requests sent within it
 * @param errors other answers, connections that broke, and requests without an answer
 * @param latencies microseconds of each answer counted in {@code answered}, three significant digits: in a closed loop
 *     from the write of the request, at a fixed rate from when it was due, to the read that made its answer whole
 */
record Turn(Duration length, long inTime, long answered, long errors, Histogram latencies) {

    /** Answers a second within the turn; those that came in after its end are left out. */
    double perSecond() {
        return inTime * 1e9 / length.toNanos();
    }

    /** The same, counted in the texts that each request carried. */
    Turn inTexts(int perRequest) {
        return new Turn(length, inTime * perRequest, answered * perRequest, errors, latencies);
    }
}
