package dev.countersign.perf.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.countersign.perf.data.Results.Latency;
import dev.countersign.perf.data.Results.Point;
import dev.countersign.perf.data.Results.Second;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class FiguresTest {

    private static final long START = 1_795_462_746_985L;

    private final List<Sample> samples = new ArrayList<>();

    @Test
    void theRampIsSetApartAndWhatComesAfterTheSteadyPartIsLeftOut() {
        add(0, 900);
        add(1_999, 800);
        add(2_000, 10);
        add(5_999, 20);
        add(6_000, 700);

        Figures figures = figures();

        assertEquals(2, figures.steadyRequests());
        assertEquals(0.5, figures.served().achieved());
        assertEquals(20_000, figures.served().latency().max());
        assertEquals(900_000, figures.served().rampP95());
        assertEquals(START + 2_000, figures.steadyFromMillis());
        assertEquals(START + 6_000, figures.steadyToMillis());
    }

    @Test
    void percentilesAreOfWholeMillisecondsAndExact() {
        for (int i = 1; i <= 100; i++) {
            add(2_000 + i, i);
        }
        add(0, 1);

        Figures figures = figures();

        assertEquals(50_000, figures.served().latency().p50());
        assertEquals(95_000, figures.served().latency().p95());
        assertEquals(99_000, figures.served().latency().p99());
        List<Point> distribution = figures.served().distribution();
        assertEquals(new Point(100, 100_000), distribution.get(distribution.size() - 1));
    }

    @Test
    void errorsCountWhereverTheyFall() {
        add(0, 1);
        samples.add(new Sample(START + 10, 1, Sample.MESSAGE, "500", false, 1, "a", "", "", ""));
        samples.add(new Sample(START + 7_000, 1, Sample.MESSAGE, "500", false, 1, "b", "", "", ""));

        assertEquals(2, figures().served().errors());
    }

    @Test
    void aClientIsServedFromItsFirstRequestToItsLastAnswer() {
        add(0, 1);
        samples.add(new Sample(START + 3_000, 40, Sample.REGISTER, "201", true, 1, "a", "", "", ""));
        samples.add(new Sample(START + 3_050, 60, Sample.MESSAGE, "201", true, 1, "a", "", "", ""));

        assertEquals(110, figures().served().slowestClientMillis());
    }

    @Test
    void eachSecondHasItsOwnFigures() {
        add(0, 5);
        add(2_100, 10);
        add(2_900, 30);

        assertEquals(
                List.of(
                        new Second(0, 7, 1, 0, new Latency(5_000, 5_000, 5_000, 5_000), true, List.of(0, 0, 0, 1)),
                        new Second(
                                2,
                                7,
                                2,
                                0,
                                new Latency(10_000, 30_000, 30_000, 30_000),
                                false,
                                List.of(0, 0, 0, 0, 1, 1))),
                figures().served().seconds());
    }

    @Test
    void theHistogramOfASecondCountsByPowersOfTwo() {
        add(0, 0);
        for (int millis : List.of(1, 2, 3, 4, 7, 8)) {
            add(millis, millis);
        }

        assertEquals(List.of(1, 1, 2, 2, 1), figures().served().seconds().get(0).histogram());
    }

    @Test
    void aRunWithoutASampleHasNoFigures() {
        assertThrows(IllegalStateException.class, this::figures);
    }

    private void add(long atMillis, long millis) {
        samples.add(new Sample(START + atMillis, millis, Sample.REGISTER, "201", true, 7, "id" + atMillis, "", "", ""));
    }

    private Figures figures() {
        return Figures.of(samples, Duration.ofSeconds(2), Duration.ofSeconds(4));
    }
}
