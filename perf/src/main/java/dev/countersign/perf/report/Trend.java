package dev.countersign.perf.report;

import dev.countersign.perf.data.Results.*;
import dev.countersign.perf.report.Series.Mark;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The ratios to the empty servlet from run to run.
 *
 * @param runs from the oldest to that of the page
 */
record Trend(List<PastRun> runs) {

    private static final int MOST_TICKS = 8;

    /** Without a run where none was measured. */
    static Trend of(ReportData data) {
        Stream<PastRun> now = data.environment().stream()
                .flatMap(here -> data.capacity().stream()
                        .map(capacity -> new PastRun(here.commit(), here.startedAt(), here.cpu(), ratios(capacity))));
        return new Trend(Stream.concat(data.history().stream(), now).distinct().toList());
    }

    private static Map<String, Ratios> ratios(Capacity capacity) {
        Map<String, Ratios> ratios = new LinkedHashMap<>();
        capacity.comparisons().stream().filter(one -> one.control() != null).forEach(one -> {
            String title = "%s, %s connections".formatted(CapacityFigures.title(one), one.connections());
            ratios.put(title, new Ratios(one.ratio(), one.cpuRatio()));
        });
        return ratios;
    }

    private PastRun now() {
        return runs.get(runs.size() - 1);
    }

    private PastRun before() {
        return runs.get(runs.size() - 2);
    }

    /** What the last run is compared with. */
    String since() {
        return "the run of %s, commit %s".formatted(Units.date(before().startedAt()), Units.commit(before().commit()))
                + (before().cpu().equals(now().cpu()) ? "" : ", on another CPU: " + before().cpu());
    }

    Table changes() {
        return new Table(
                "Compared with the run before",
                "to the empty servlet, throughput before, now, change, CPU time before, now, change",
                now().ratios().keySet().stream()
                        .filter(before().ratios()::containsKey)
                        .map(this::row)
                        .toList());
    }

    private List<?> row(String title) {
        Ratios before = before().ratios().get(title);
        Ratios now = now().ratios().get(title);
        return List.of(
                title,
                before.throughput(),
                now.throughput(),
                change(before.throughput(), now.throughput(), "better", "worse"),
                before.cpu(),
                now.cpu(),
                change(before.cpu(), now.cpu(), "worse", "better"));
    }

    /** Quartiles that overlap are no change that can be told from noise. */
    private static String change(Quartiles before, Quartiles now, String ifMore, String ifLess) {
        double share = now.median() / before.median() - 1;
        String word = now.q1() > before.q3() ? ifMore : now.q3() < before.q1() ? ifLess : "noise";
        return "%s%s, %s".formatted(share < 0 ? "−" : "+", Units.percent(Math.abs(share)), word);
    }

    /** Throughput of short messages and of registrations. */
    Figure figure() {
        List<String> shown = now().ratios().keySet().stream()
                .filter(title -> !title.contains("4,096"))
                .limit(Look.values().length)
                .toList();
        List<Series> series = IntStream.range(0, shown.size())
                .mapToObj(i -> series(shown.get(i), Look.values()[i]))
                .toList();
        int every = (runs.size() + MOST_TICKS - 1) / MOST_TICKS;
        List<Double> ticks = IntStream.rangeClosed(1, runs.size())
                .filter(run -> (runs.size() - run) % every == 0)
                .mapToObj(run -> (double) run)
                .toList();
        return new Figure(
                "trend-throughput",
                "Throughput over the runs",
                "Run 1 is of %s, run %s the one on this page; bars span the quartiles of the turns."
                        .formatted(Units.date(runs.get(0).startedAt()), runs.size()),
                new LineChart(
                        Axis.linear("run", runs.size()).withTicks(ticks),
                        Axis.fromZero("% of the empty servlet’s", series),
                        series));
    }

    private Series series(String title, Look look) {
        List<Mark> marks = new ArrayList<>();
        for (PastRun run : runs) {
            if (run.ratios().containsKey(title)) {
                Quartiles ratio = run.ratios().get(title).throughput();
                marks.add(new Mark(1 + runs.indexOf(run), 100 * ratio.median(), 100 * ratio.q1(), 100 * ratio.q3()));
            }
        }
        return new Series(title.replaceAll("(...).*, (\\d+) .*", "$1. $2"), look, marks);
    }
}
