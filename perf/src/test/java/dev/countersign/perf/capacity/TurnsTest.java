package dev.countersign.perf.capacity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.countersign.perf.capacity.Turns.Outcome;
import dev.countersign.perf.data.Results.Quartiles;
import java.time.Duration;
import java.util.List;
import java.util.stream.LongStream;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;

class TurnsTest {

    @Test
    void quartilesLieBetweenTheirNeighboursInProportion() {
        assertEquals(new Quartiles(1.75, 2.5, 3.25), Turns.quartiles(4, 1, 3, 2));
    }

    @Test
    void quartilesOfOneValueAreThatValue() {
        assertEquals(new Quartiles(7, 7, 7), Turns.quartiles(7));
    }

    @Test
    void aRatioComparesTurnsOfTheSameRound() {
        // the machine doubles its speed in the second round: neither ratio sees that
        Turns turns = new Turns(List.of(
                List.of(outcome(800, 40), outcome(1600, 20)), //
                List.of(outcome(1000, 20), outcome(2000, 10))));

        assertEquals(new Quartiles(0.8, 0.8, 0.8), turns.ratio(0, 1));
        assertEquals(new Quartiles(2, 2, 2), turns.cpuRatio(0, 1));
    }

    @Test
    void everySecondRoundGoesTheOtherWayAround() {
        assertEquals(List.of(0, 1, 2), Turns.order(3, 0));
        assertEquals(List.of(2, 1, 0), Turns.order(3, 1));
        assertEquals(List.of(0, 1, 2), Turns.order(3, 2));
    }

    @Test
    void aServerThatAnswersNothingScoresNothing() {
        Turns turns = new Turns(List.of(List.of(outcome(0, 0)), List.of(outcome(1000, 20))));

        assertEquals(0, turns.ratio(0, 1).median());
        assertEquals(0, turns.side(0).cpuMicrosPerRequest().median());
    }

    @Test
    void nothingCanBeComparedWithWhatDidNothing() {
        Turns turns = new Turns(List.of(List.of(outcome(1000, 20)), List.of(outcome(0, 0))));

        assertThrows(IllegalStateException.class, () -> turns.ratio(0, 1));
    }

    @Test
    void answersAfterTheTurnCountForTheCpuTimeOnly() {
        Turn turn = new Turn(Duration.ofSeconds(2), 900, 1000, 0, latencies(1000));
        Outcome outcome = new Outcome(turn, Duration.ofMillis(30), 0);

        assertEquals(450, turn.perSecond());
        assertEquals(30, outcome.cpuMicrosPerRequest());
    }

    @Test
    void aTurnCanBeCountedInTheTextsOfItsRequests() {
        Turn turn = new Turn(Duration.ofSeconds(2), 900, 1000, 1, latencies(1000)).inTexts(100);

        assertEquals(45_000, turn.perSecond());
        assertEquals(0.3, new Outcome(turn, Duration.ofMillis(30), 1).cpuMicrosPerRequest(), 1e-9);
    }

    @Test
    void aSidesPercentilesAreOfAllItsTurnsTogether() {
        Turns turns = new Turns(List.of(List.of(
                new Outcome(new Turn(Duration.ofSeconds(1), 99, 99, 1, latencies(99)), Duration.ofMillis(1), 1),
                new Outcome(new Turn(Duration.ofSeconds(1), 101, 101, 2, latencies(101)), Duration.ofMillis(1), 2))));

        assertEquals(3, turns.side(0).errors());
        assertEquals(50, turns.side(0).p50());
        assertEquals(99, turns.side(0).p99());
    }

    private static Outcome outcome(long answered, long cpuMicrosPerRequest) {
        return new Outcome(
                new Turn(Duration.ofSeconds(1), answered, answered, 0, latencies(1)),
                Duration.ofNanos(answered * cpuMicrosPerRequest * 1000),
                0);
    }

    /** One answer each at 1, 2, 3 ... microseconds. */
    private static Histogram latencies(long answers) {
        Histogram latencies = new Histogram(1_000_000, 3);
        LongStream.rangeClosed(1, answers).forEach(latencies::recordValue);
        return latencies;
    }
}
