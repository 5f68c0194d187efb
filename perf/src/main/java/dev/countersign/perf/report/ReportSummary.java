package dev.countersign.perf.report;

import dev.countersign.perf.data.Results.*;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What the first screen says in words: the verdict with its reasons, three answers, and the figures in a sentence. */
record ReportSummary(ReportData data) {

    record Reason(Verdict verdict, String scenario, String thresholds) {}

    record Answer(String question, String figure, String unit, String detail) {

        static Answer notMeasured(String question) {
            return new Answer(question, Units.NONE, "", "not measured");
        }
    }

    Verdict verdict() {
        return data.verdict();
    }

    String className() {
        return verdict().name().toLowerCase(Locale.ROOT);
    }

    /** What stands against a PASS, FAILs first: a line for each load, and for those that should have been run. */
    List<Reason> reasons() {
        return Stream.concat(
                        Stream.of(Verdict.FAIL, Verdict.INVALID)
                                .flatMap(verdict -> data.loads().stream().flatMap(load -> missed(verdict, load))),
                        data.notMeasured()
                                .map(scenario ->
                                        new Reason(Verdict.INVALID, ReportData.title(scenario), "not measured")))
                .toList();
    }

    private static Stream<Reason> missed(Verdict verdict, Load load) {
        String missed = load.thresholds().stream()
                .filter(threshold -> threshold.verdict() == verdict)
                .map(Units::threshold)
                .collect(Collectors.joining("; "));
        return missed.isEmpty()
                ? Stream.empty()
                : Stream.of(new Reason(verdict, ReportData.title(load.scenario()), missed));
    }

    String count() {
        return count(data.thresholds(), "thresholds hold");
    }

    /** How many goals are met; they don't count towards the verdict. Empty where there are none. */
    List<String> goals() {
        return data.capacity().stream()
                .map(capacity -> count(capacity.thresholds(), "goals are met"))
                .toList();
    }

    private static String count(List<Threshold> thresholds, String words) {
        long passed = thresholds.stream()
                .filter(threshold -> threshold.verdict() == Verdict.PASS)
                .count();
        return passed + " of " + thresholds.size() + " " + words;
    }

    String sentence() {
        if (data.closed().isEmpty()) {
            return "Neither 51 nor 500 virtual users were measured.";
        }
        return each(load -> Integer.toString(load.virtualUsers())) + " virtual users offered "
                + each(load -> Units.number(load.offered())) + " requests/s; the server answered "
                + each(load -> Units.number(load.served().achieved())) + ", with a p95 of "
                + each(load -> Units.millis(load.served().latency().p95())) + ", a p99 of "
                + each(load -> Units.millis(load.served().latency().p99())) + ", and a maximum of "
                + each(load -> Units.millis(load.served().latency().max())) + ". Of "
                + total(Findings::acknowledged) + " messages acknowledged to virtual users and new clients, "
                + total(Findings::inLog) + " are in the log and "
                + total(Findings::lost) + " are lost. Of "
                + total(Findings::wrongCodesSent) + " wrong codes, "
                + total(Findings::refused) + " were refused.";
    }

    /** A figure of 51 and of 500 users, in words: "14.6 and 143". */
    private String each(Function<Load, String> figure) {
        return data.closed().stream().map(figure).collect(Collectors.joining(" and "));
    }

    private String total(ToLongFunction<Findings> figure) {
        return Units.number(
                data.loads().stream().map(Load::findings).mapToLong(figure).sum());
    }

    List<Answer> answers() {
        Optional<Comparison> best = data.best("message");
        return List.of(
                lost(),
                best.map(ReportSummary::holds).orElse(Answer.notMeasured("How much does it hold?")),
                ofEmptyServlet(data.full("message")));
    }

    private Answer lost() {
        return data.loads().isEmpty()
                ? Answer.notMeasured("Was anything lost?")
                : new Answer(
                        "Was anything lost?",
                        total(Findings::lost),
                        "lost",
                        "of %s messages acknowledged; %s\u00a0doubled, %s\u00a0forged, %s\u00a0altered"
                                .formatted(
                                        total(Findings::acknowledged),
                                        total(Findings::doubled),
                                        total(Findings::notSent),
                                        total(Findings::altered)));
    }

    private static Answer holds(Comparison best) {
        return new Answer(
                "How much does it hold?",
                Units.number(best.perSecond()),
                "messages/s",
                "each on disk before its answer, over %s connections".formatted(best.connections()));
    }

    private static Answer ofEmptyServlet(List<Comparison> comparisons) {
        String question = "How near to an empty servlet?";
        return comparisons.isEmpty()
                ? Answer.notMeasured(question)
                : new Answer(
                        question,
                        range(
                                comparisons,
                                comparison -> Math.rint(100 * comparison.ratio().median())),
                        "%",
                        "of its messages/s on the same Jetty, over %s connections, at %s times its CPU time"
                                .formatted(
                                        range(comparisons, Comparison::connections),
                                        range(
                                                comparisons,
                                                comparison ->
                                                        comparison.cpuRatio().median())));
    }

    /** "65 to 78", or one number where they are the same. */
    private static String range(List<Comparison> comparisons, ToDoubleFunction<Comparison> figure) {
        DoubleSummaryStatistics all = comparisons.stream().mapToDouble(figure).summaryStatistics();
        String least = Units.number(all.getMin());
        String most = Units.number(all.getMax());
        return least.equals(most) ? least : least + " to " + most;
    }
}
