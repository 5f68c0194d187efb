package dev.countersign.perf.report;

import static java.util.Comparator.comparing;
import static java.util.stream.Collectors.groupingBy;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** The benchmarks that answer one question in one unit, as bars on one scale. */
record BenchmarkGroup(List<Result> results) {

    /**
     * A benchmark's bar. Positions are percents of the longest.
     *
     * @param low where the interval of confidence starts; equal to {@code high} where there is none
     */
    record Bar(Result result, double length, double low, double high) {}

    /** By unit, in it by question. */
    static List<BenchmarkGroup> of(List<Result> results) {
        return results.stream()
                .sorted(comparing(Result::unit).thenComparing(Result::className))
                .collect(groupingBy(
                        result -> List.of(result.unit(), result.className()), LinkedHashMap::new, Collectors.toList()))
                .values()
                .stream()
                .map(BenchmarkGroup::new)
                .toList();
    }

    String unit() {
        return results.get(0).unit();
    }

    String question() {
        return results.get(0).className();
    }

    /** Which way is good: a time for an operation should be short, a count of them in a time high. */
    String better() {
        return unit().endsWith("/op") ? "shorter is better" : "longer is better";
    }

    List<Bar> bars() {
        double end = results.stream()
                .mapToDouble(result -> result.primaryMetric().high())
                .max()
                .orElse(1);
        return results.stream()
                .map(result -> {
                    Result.Metric score = result.primaryMetric();
                    return new Bar(
                            result, 100 * score.score() / end, 100 * score.low() / end, 100 * score.high() / end);
                })
                .toList();
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
        record Metric(double score, double scoreError, List<Double> scoreConfidence, String scoreUnit) {

            double low() {
                return Double.isFinite(scoreError) ? Math.max(0, scoreConfidence.get(0)) : score;
            }

            double high() {
                return Double.isFinite(scoreError) ? scoreConfidence.get(1) : score;
            }
        }

        String unit() {
            return primaryMetric.scoreUnit().replace("us/", "µs/");
        }

        /** The question that the benchmark's class asks. */
        String className() {
            String[] names = benchmark.split("\\.");
            return names[names.length - 2];
        }

        String methodName() {
            return benchmark.substring(benchmark.lastIndexOf('.') + 1);
        }

        String parameters() {
            Map<String, String> all = new TreeMap<>(params);
            if (threads > 1) {
                all.put("threads", Integer.toString(threads));
            }
            return all.isEmpty()
                    ? Units.NONE
                    : all.entrySet().stream()
                            .map(one -> one.getKey() + " " + one.getValue())
                            .collect(Collectors.joining(", "));
        }

        /** Bytes that a call allocates; not a number where the run was not profiled with {@code -prof gc}. */
        double allocated() {
            return secondaryMetrics.entrySet().stream()
                    .filter(metric -> metric.getKey().endsWith("gc.alloc.rate.norm"))
                    .mapToDouble(metric -> metric.getValue().score())
                    .findFirst()
                    .orElse(Double.NaN);
        }
    }
}
