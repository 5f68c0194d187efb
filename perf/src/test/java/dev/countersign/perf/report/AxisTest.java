package dev.countersign.perf.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class AxisTest {

    private static final double CLOSE = 1e-9;

    @Test
    void aLinearScaleStartsAtZeroAndEndsAtARoundValue() {
        Axis axis = Axis.linear("ms", 9_140);

        assertEquals(List.of(0.0, 5_000.0, 10_000.0), axis.ticks());
        assertEquals(0.914, axis.position(9_140), CLOSE);
    }

    @Test
    void equalRatiosHaveEqualDistancesOnALogarithmicScale() {
        Axis axis = Axis.logarithmic("ms", 1, 100);

        assertEquals(0.5, axis.position(10), CLOSE);
        assertEquals(List.of(1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0), axis.ticks());
    }

    @Test
    void aLogarithmicScaleBeginsAndEndsAtRoundValues() {
        Axis axis = Axis.logarithmic("ms", 0.32, 41);

        assertEquals(0, axis.position(0.2), CLOSE);
        assertEquals(1, axis.position(50), CLOSE);
    }

    @Test
    void whatHasNoLogarithmStandsAtTheStart() {
        assertEquals(0, Axis.logarithmic("ms", 1, 100).position(0), CLOSE);
    }

    @Test
    void eachNineHasTheSameWidth() {
        Axis axis = Axis.percentiles(99.99);

        double nine = axis.position(90);
        assertEquals(2 * nine, axis.position(99), CLOSE);
        assertEquals(3 * nine, axis.position(99.9), CLOSE);
        assertEquals(4 * nine, axis.position(99.99), 1e-6);
    }

    @Test
    void theWorstStandsBeyondTheLastNine() {
        Axis axis = Axis.percentiles(99.9);

        assertTrue(axis.position(99.9) < 1);
        assertEquals(1, axis.position(100), CLOSE);
        assertEquals(List.of(0.0, 50.0, 90.0, 99.0, 99.9, 100.0), axis.ticks());
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1e-3, 0.7, 1, 51, 999, 1e6})
    void everyValueAndEveryTickStandsBetweenTheEnds(double largest) {
        for (Axis axis : List.of(Axis.linear("ms", largest), Axis.logarithmic("ms", 1e-3, Math.max(largest, 1e-3)))) {
            axis.ticks().forEach(tick -> assertBetweenTheEnds(axis.position(tick)));
            assertBetweenTheEnds(axis.position(largest));
            assertTrue(axis.ticks().size() >= 2, "ticks up to " + largest + ": " + axis.ticks());
        }
    }

    private static void assertBetweenTheEnds(double position) {
        assertTrue(position >= 0 && position <= 1, "position " + position);
    }
}
