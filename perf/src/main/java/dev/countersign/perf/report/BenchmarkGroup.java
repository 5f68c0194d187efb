package dev.countersign.perf.report;

import static java.util.stream.Collectors.groupingBy;

import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The benchmarks that answer one question in one unit, as bars on one scale. */
record BenchmarkGroup(String unit, String question, List<Result> results) {

    /**
     * A benchmark's bar. Positions are percents of the longest; not a number is what was not measured.
     *
     * @param low where the interval of confidence starts; equal to {@code high} where there is none
     */
    record Bar(
            String name,
            String parameters,
            double score,
            double error,
            double allocated,
            double length,
            double low,
            double high) {}

    /** By unit, in it by question. */
    static List<BenchmarkGroup> of(List<Result> results) {
        Map<String, Map<String, List<Result>>> groups = results.stream()
                .collect(groupingBy(
                        result -> result.primaryMetric().scoreUnit().replace("us/", "µs/"),
                        TreeMap::new,
                        groupingBy(Result::className, TreeMap::new, Collectors.toList())));
        return groups.entrySet().stream()
                .flatMap(unit -> unit.getValue().entrySet().stream()
                        .map(question -> new BenchmarkGroup(unit.getKey(), question.getKey(), question.getValue())))
                .toList();
    }

    /** Which way is good: a time for an operation should be short, a count of them in a time high. */
    String better() {
        return unit.endsWith("/op") ? "shorter is better" : "longer is better";
    }

    List<Bar> bars() {
        double end = results.stream()
                .mapToDouble(result -> high(result.primaryMetric()))
                .max()
                .orElse(1);
        return results.stream().map(result -> bar(result, end)).toList();
    }

    private static Bar bar(Result result, double end) {
        Result.Metric score = result.primaryMetric();
        return new Bar(
                result.methodName(),
                parameters(result),
                score.score(),
                score.scoreError(),
                result.allocated().map(Result.Metric::score).orElse(Double.NaN),
                100 * score.score() / end,
                100 * low(score) / end,
                100 * high(score) / end);
    }

    private static String parameters(Result result) {
        Map<String, String> all = new TreeMap<>(result.params());
        if (result.threads() > 1) {
            all.put("threads", Integer.toString(result.threads()));
        }
        return all.isEmpty()
                ? Units.NONE
                : all.entrySet().stream()
                        .map(one -> one.getKey() + " " + one.getValue())
                        .collect(Collectors.joining(", "));
    }

    private static double low(Result.Metric score) {
        return Double.isFinite(score.scoreError())
                ? Math.max(0, score.scoreConfidence().get(0))
                : score.score();
    }

    private static double high(Result.Metric score) {
        return Double.isFinite(score.scoreError()) ? score.scoreConfidence().get(1) : score.score();
    }

    /**
     * One benchmark of JMH's own JSON ({@code -rf json}), as far as the report shows it.
     *
     * @param params values of the benchmark's parameters, if it has any
     */
    record Result(
            String benchmark,
            int threads,
            Map<String, String> params,
            Metric primaryMetric,
            Map<String, Metric> secondaryMetrics) {

        Result {
            params = Objects.requireNonNullElse(params, Map.of());
        }

        /**
         * A score and its interval of 99.9 % confidence, which is two NaNs after a single iteration.
         *
         * @param scoreConfidence lower and upper end
         */
        record Metric(double score, double scoreError, List<Double> scoreConfidence, String scoreUnit) {}

        /** The question that the benchmark's class asks. */
        String className() {
            String[] names = benchmark.split("\\.");
            return names[names.length - 2];
        }

        String methodName() {
            return benchmark.substring(benchmark.lastIndexOf('.') + 1);
        }

        /** Bytes that a call allocates, where the run was profiled with {@code -prof gc}. */
        Optional<Metric> allocated() {
            return secondaryMetrics.entrySet().stream()
                    .filter(metric -> metric.getKey().endsWith("gc.alloc.rate.norm"))
                    .map(Map.Entry::getValue)
                    .findFirst();
        }
    }
}
