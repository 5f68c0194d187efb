package dev.countersign.perf.report;

import static dev.countersign.perf.report.Units.coordinate;
import static java.util.Comparator.comparingDouble;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.joining;
import static java.util.stream.Collectors.summingDouble;

import dev.countersign.perf.report.Series.Mark;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;

/**
 * Lines, or a heat map, over two axes, as the coordinates that the template {@code chart.svg} draws.
 *
 * <p>The drawing is as wide as a column of the page, on a telephone too, so that its text is never scaled far from the
 * size it was set in. Coordinates are SVG's: units of a pixel, y downwards.
 */
record LineChart(Axis x, Axis y, List<Band> bands, List<Series> heat, List<Series> series) {

    private static final int WIDTH = 384;
    private static final int HEIGHT = 236;
    private static final int LEFT = 46;
    private static final int RIGHT = WIDTH - 60;
    private static final int TOP = 24;
    private static final int BOTTOM = HEIGHT - 36;
    private static final int NAME_HEIGHT = 13;
    /** With more points than this, a few of them are marked; else all. */
    private static final int MOST_MARKERS = 12;

    private static final int FEW_MARKERS = 7;
    /** Each stands for twice the share of the next lighter one. */
    private static final int SHADES = 6;

    /** With more points than this a dash would be lost in the zigzag. */
    private static final int DENSE = 120;

    /** A series without a point is left out. */
    LineChart {
        series = series.stream().filter(one -> !one.marks().isEmpty()).toList();
    }

    LineChart(Axis x, Axis y, List<Series> series) {
        this(x, y, List.of(), List.of(), series);
    }

    /** A stretch of the x axis that is shaded and named. */
    record Band(String name, double from, double to) {}

    /** The drawing's size, and in it the rectangle between the axes. */
    record Frame(int width, int height, int left, int right, int top, int bottom) {}

    record Tick(String at, String label) {}

    record Shade(String opacity, String path) {}

    record Area(String name, String at, String width) {}

    record Marker(String at, String height, String value) {}

    record Line(
            String className,
            String path,
            String shape,
            List<Marker> markers,
            String spreads,
            String name,
            String nameHeight) {}

    Frame frame() {
        return new Frame(WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM);
    }

    List<Tick> xTicks() {
        return x.ticks().stream()
                .map(tick -> new Tick(coordinate(across(tick)), Units.exact(tick)))
                .toList();
    }

    List<Tick> yTicks() {
        return y.ticks().stream()
                .map(tick -> new Tick(coordinate(down(tick)), Units.exact(tick)))
                .toList();
    }

    List<Area> areas() {
        return bands.stream()
                .map(band -> new Area(
                        band.name(),
                        coordinate(across(band.from())),
                        coordinate(across(band.to()) - across(band.from()))))
                .toList();
    }

    /** Of each shade all cells: a row of the heat map reaches to twice the height of the one before, the first to 1. */
    List<Shade> shades() {
        Map<Double, Double> columns =
                heat.stream().flatMap(row -> row.marks().stream()).collect(groupingBy(Mark::x, summingDouble(Mark::y)));
        Map<Integer, String> paths = new TreeMap<>();
        for (int row = 0; row < heat.size(); row++) {
            for (Mark mark : heat.get(row).marks()) {
                double halvings = Math.ceil(Math.log(mark.y() / columns.get(mark.x())) / Math.log(2));
                paths.merge((int) Math.max(1, SHADES + halvings), cell(mark.x(), row), String::concat);
            }
        }
        return paths.entrySet().stream()
                .map(shade -> new Shade(coordinate(shade.getKey() / (double) SHADES), shade.getValue()))
                .toList();
    }

    private String cell(double x, int row) {
        String width = coordinate(across(x + 1) - across(x));
        String top = coordinate(down(Math.scalb(1, row)));
        return "M%s %sh%sV%sh-%sz"
                .formatted(coordinate(across(x)), top, width, coordinate(down(Math.scalb(0.5, row))), width);
    }

    List<Line> lines() {
        List<Double> nameHeights = nameHeights();
        return IntStream.range(0, series.size())
                .mapToObj(i -> line(series.get(i), nameHeights.get(i)))
                .toList();
    }

    private Line line(Series one, double nameHeight) {
        return new Line(
                one.look().className() + (one.marks().size() > DENSE ? " dense" : ""),
                one.marks().stream()
                        .map(mark -> coordinate(across(mark.x())) + " " + coordinate(down(mark.y())))
                        .collect(joining("L", "M", "")),
                one.look().shape,
                markers(one),
                spreads(one),
                one.name(),
                coordinate(nameHeight));
    }

    /** Of every point, or of a few, the last among them, to tell the lines apart. */
    private List<Marker> markers(Series one) {
        int last = one.marks().size() - 1;
        int every = last < MOST_MARKERS ? 1 : last / FEW_MARKERS;
        return IntStream.rangeClosed(0, last)
                .filter(i -> (last - i) % every == 0)
                .mapToObj(i -> marker(one.marks().get(i)))
                .toList();
    }

    private Marker marker(Mark mark) {
        return new Marker(
                coordinate(across(mark.x())),
                coordinate(down(mark.y())),
                "%s %s: %s %s".formatted(Units.exact(mark.x()), x.title(), Units.number(mark.y()), y.title()));
    }

    private String spreads(Series one) {
        return one.marks().stream()
                .filter(mark -> mark.low() < mark.high())
                .map(mark -> "M%s %sV%s"
                        .formatted(
                                coordinate(across(mark.x())),
                                coordinate(down(mark.low())),
                                coordinate(down(mark.high()))))
                .collect(joining());
    }

    /** Names stand at their lines' ends; where two would overlap the lower one moves down, at the bottom the upper up. */
    private List<Double> nameHeights() {
        List<Double> heights =
                new ArrayList<>(series.stream().map(one -> down(one.last().y())).toList());
        List<Integer> downwards = IntStream.range(0, heights.size())
                .boxed()
                .sorted(comparingDouble(heights::get))
                .toList();
        double free = TOP;
        double lowest = BOTTOM - NAME_HEIGHT * (heights.size() - 1.0); // leaves room for those below
        for (int i : downwards) {
            heights.set(i, Math.min(Math.max(heights.get(i), free), lowest));
            free = heights.get(i) + NAME_HEIGHT;
            lowest += NAME_HEIGHT;
        }
        return heights;
    }

    private double across(double value) {
        return LEFT + x.position(value) * (RIGHT - LEFT);
    }

    private double down(double value) {
        return BOTTOM - y.position(value) * (BOTTOM - TOP);
    }
}
