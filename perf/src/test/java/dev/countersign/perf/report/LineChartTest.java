package dev.countersign.perf.report;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.perf.report.LineChart.Line;
import dev.countersign.perf.report.Series.Mark;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class LineChartTest {

    private static final Axis X = Axis.linear("seconds", 10);
    private static final Axis Y = Axis.linear("ms", 100);

    @Test
    void namesOfLinesThatEndTogetherDoNotOverlap() {
        LineChart chart = new LineChart(X, Y, List.of(endingAt(100), endingAt(99), endingAt(1), endingAt(0)));

        double[] heights = chart.lines().stream()
                .map(Line::nameHeight)
                .mapToDouble(Double::parseDouble)
                .sorted()
                .toArray();
        IntStream.range(1, heights.length)
                .forEach(i -> assertTrue(heights[i] - heights[i - 1] >= 12.9, heights[i - 1] + " and " + heights[i]));
    }

    private static Series endingAt(double y) {
        return new Series("to " + y, Look.FIRST, List.of(new Mark(0, 50), new Mark(10, y)));
    }

    @Test
    void everyPointIsInsideTheFrame() {
        LineChart chart = new LineChart(
                X, Y, List.of(new Series("wild", Look.FIRST, List.of(new Mark(-5, 1e9), new Mark(99, -3)))));

        assertEquals("M46 24L324 200", chart.lines().get(0).path());
    }

    @Test
    void aSeriesWithoutPointsIsLeftOut() {
        assertEquals(List.of(), new LineChart(X, Y, List.of(new Series("none", Look.FIRST, List.of()))).lines());
    }

    @Test
    void aSpreadIsDrawnWhereThereIsOne() {
        Series series = new Series("server", Look.FIRST, List.of(new Mark(1, 50, 40, 60), new Mark(2, 50)));

        assertEquals(
                "M73.8 129.6V94.4",
                new LineChart(X, Y, List.of(series)).lines().get(0).spreads());
    }

    @Test
    void aDenseLineKeepsAFewMarkersTheLastAmongThem() {
        Series series = new Series(
                "dense",
                Look.FIRST,
                DoubleStream.iterate(0, x -> x + 0.1)
                        .limit(100)
                        .mapToObj(x -> new Mark(x, 1))
                        .toList());

        Line line = new LineChart(X, Y, List.of(series)).lines().get(0);

        assertTrue(line.markers().size() < 10, line.markers().size() + " markers");
        assertTrue(
                line.path()
                        .endsWith("L%s %s".formatted(last(line).at(), last(line).height())),
                line.path());
    }

    private static LineChart.Marker last(Line line) {
        return line.markers().get(line.markers().size() - 1);
    }

    @Test
    void aCellOfHalfTheShareIsAStepLighterAndNoneIsInvisible() {
        Series underOne = new Series("under 1", Look.FIRST, List.of(new Mark(0, 8), new Mark(1, 10), new Mark(2, 1)));
        Series underTwo = new Series("under 2", Look.FIRST, List.of(new Mark(1, 10), new Mark(2, 999)));
        Axis ms = Axis.logarithmic("ms", 0.5, 2);

        LineChart chart = new LineChart(X, ms, List.of(), List.of(underOne, underTwo), List.of());

        assertEquals(
                List.of(
                        new LineChart.Shade("0.2", "M101.6 112h27.8V200h-27.8z"),
                        new LineChart.Shade("0.8", "M73.8 112h27.8V200h-27.8zM73.8 24h27.8V112h-27.8z"),
                        new LineChart.Shade("1", "M46 112h27.8V200h-27.8zM101.6 24h27.8V112h-27.8z")),
                chart.shades());
        assertEquals(
                List.of("1", "10", "10"),
                new Figure("id", "title", "caption", chart).table().rows().get(1));
    }

    @Test
    void theTableHasEveryPointOfEverySeries() {
        Series server = new Series("server", Look.FIRST, List.of(new Mark(1, 5, 4, 6), new Mark(2, 7)));
        Series empty = new Series("empty", Look.MUTED, List.of(new Mark(2, 3)));

        Table table = new Figure("id", "title", "caption", new LineChart(X, Y, List.of(server, empty))).table();

        assertEquals(List.of("seconds", "server, ms", "empty, ms"), table.columns());
        assertEquals(List.of(List.of("1", "5 (4 to 6)", "–"), List.of("2", "7", "3")), table.rows());
    }
}
