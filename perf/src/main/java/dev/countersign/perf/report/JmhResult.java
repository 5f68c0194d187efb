package dev.countersign.perf.report;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * One benchmark of JMH's own JSON ({@code -rf json}), as far as the report shows it.
 *
 * @param params values of the benchmark's parameters; null where it has none
 */
record JmhResult(
        String benchmark,
        int threads,
        Map<String, String> params,
        Metric primaryMetric,
        Map<String, Metric> secondaryMetrics) {

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
