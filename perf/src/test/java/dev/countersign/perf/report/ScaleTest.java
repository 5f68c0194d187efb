package dev.countersign.perf.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScaleTest {

    private static final double CLOSE = 1e-9;

    @Test
    void aLinearScaleStartsAtZeroAndEndsAtARoundValue() {
        Scale scale = Scale.linear(9_140);

        assertEquals(List.of(0.0, 5_000.0, 10_000.0), scale.ticks());
        assertEquals(0.914, scale.position(9_140), CLOSE);
    }

    @Test
    void equalRatiosHaveEqualDistancesOnALogarithmicScale() {
        Scale scale = Scale.logarithmic(1, 100);

        assertEquals(0.5, scale.position(10), CLOSE);
        assertEquals(List.of(1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0), scale.ticks());
    }

    @Test
    void aLogarithmicScaleBeginsAndEndsAtRoundValues() {
        Scale scale = Scale.logarithmic(0.32, 41);

        assertEquals(0, scale.position(0.2), CLOSE);
        assertEquals(1, scale.position(50), CLOSE);
    }

    @Test
    void whatHasNoLogarithmStandsAtTheStart() {
        assertEquals(0, Scale.logarithmic(1, 100).position(0), CLOSE);
    }

    @Test
    void eachNineHasTheSameWidth() {
        Scale scale = Scale.nines(99.99);

        double nine = scale.position(90);
        assertEquals(2 * nine, scale.position(99), CLOSE);
        assertEquals(3 * nine, scale.position(99.9), CLOSE);
        assertEquals(4 * nine, scale.position(99.99), 1e-6);
    }

    @Test
    void theWorstStandsBeyondTheLastNine() {
        Scale scale = Scale.nines(99.9);

        assertTrue(scale.position(99.9) < 1);
        assertEquals(1, scale.position(100), CLOSE);
        assertEquals(List.of(0.0, 50.0, 90.0, 99.0, 99.9, 100.0), scale.ticks());
    }

    @ParameterizedTest
    @ValueSource(doubles = {0, 1e-3, 0.7, 1, 51, 999, 1e6})
    void everyValueAndEveryTickStandsBetweenTheEnds(double largest) {
        for (Scale scale : List.of(Scale.linear(largest), Scale.logarithmic(1e-3, Math.max(largest, 1e-3)))) {
            scale.ticks().forEach(tick -> assertBetweenTheEnds(scale.position(tick)));
            assertBetweenTheEnds(scale.position(largest));
            assertTrue(scale.ticks().size() >= 2, "ticks up to " + largest + ": " + scale.ticks());
        }
    }

    private static void assertBetweenTheEnds(double position) {
        assertTrue(position >= 0 && position <= 1, "position " + position);
    }
}
