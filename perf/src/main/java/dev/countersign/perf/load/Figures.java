package dev.countersign.perf.load;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import dev.countersign.perf.data.Results.Point;
import dev.countersign.perf.data.Results.Second;
import dev.countersign.perf.data.Results.Step;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;

/**
 * A run's samples in figures. Microseconds, but of whole milliseconds, since JMeter counts no finer: 0 is "below one".
 *
 * <p>A sample belongs to the moment at which it began. The run begins with its first sample, then comes the ramp, then
 * the steady part, and what began later is left out; errors alone count wherever they fall.
 *
 * @param steadyFromMillis since 1970; {@code steadyToMillis} likewise
 * @param achieved requests a second in the steady part, and what follows from {@code p50} to {@code max} is of them
 * @param rampP95 of the requests in the ramp
 * @param slowestClientMillis from the start of a client's first request to the end of its last one, at worst
 */
record Figures(
        long steadyFromMillis,
        long steadyToMillis,
        long steadyRequests,
        double achieved,
        long errors,
        long p50,
        long p95,
        long p99,
        long max,
        long rampP95,
        long slowestClientMillis,
        List<Step> steps,
        List<Point> distribution,
        List<Second> seconds) {

    private static final int DIGITS = 3; // exact up to two seconds, to a thousandth beyond
    private static final int TICKS_EACH_HALVING = 5;

    /** @throws IllegalStateException where there is no sample at all */
    static Figures of(List<Sample> samples, Duration ramp, Duration steady) {
        long start = samples.stream()
                .mapToLong(Sample::startMillis)
                .min()
                .orElseThrow(() -> new IllegalStateException("JMeter sent nothing: see the jmeter.log of the run"));
        long from = start + ramp.toMillis();
        long to = from + steady.toMillis();
        List<Sample> inSteady = within(samples, from, to);
        Histogram histogram = histogram(inSteady);
        return new Figures(
                from,
                to,
                inSteady.size(),
                inSteady.size() * 1000.0 / steady.toMillis(),
                errors(samples),
                micros(histogram, 50),
                micros(histogram, 95),
                micros(histogram, 99),
                micros(histogram, 100),
                micros(histogram(within(samples, start, from)), 95),
                slowestClientMillis(samples, from, to),
                Stream.of(Sample.REGISTER, Sample.MESSAGE, Sample.WRONG_CODE)
                        .map(step -> step(step, inSteady))
                        .filter(step -> step.requests() > 0)
                        .toList(),
                distribution(histogram),
                seconds(within(samples, start, to), start, from));
    }

    private static long errors(Collection<Sample> samples) {
        return samples.stream().filter(sample -> !sample.expected()).count();
    }

    private static List<Sample> within(List<Sample> samples, long from, long to) {
        return samples.stream()
                .filter(sample -> from <= sample.startMillis() && sample.startMillis() < to)
                .toList();
    }

    /** Of the clients whose first request is in the steady part. */
    private static long slowestClientMillis(List<Sample> samples, long from, long to) {
        return samples.stream().collect(groupingBy(Sample::id)).values().stream()
                .map(Figures::span)
                .filter(span -> from <= span.getMin() && span.getMin() < to)
                .mapToLong(span -> span.getMax() - span.getMin())
                .max()
                .orElse(0);
    }

    private static LongSummaryStatistics span(List<Sample> ofOneClient) {
        return ofOneClient.stream()
                .flatMapToLong(sample -> LongStream.of(sample.startMillis(), sample.endMillis()))
                .summaryStatistics();
    }

    private static Step step(String name, List<Sample> inSteady) {
        List<Sample> samples =
                inSteady.stream().filter(sample -> sample.step().equals(name)).toList();
        Histogram histogram = histogram(samples);
        return new Step(
                name,
                samples.size(),
                errors(samples),
                micros(histogram, 50),
                micros(histogram, 95),
                micros(histogram, 99),
                micros(histogram, 100));
    }

    private static List<Second> seconds(List<Sample> samples, long start, long steadyFrom) {
        Map<Integer, List<Sample>> bySecond = samples.stream()
                .collect(groupingBy(sample -> (int) ((sample.startMillis() - start) / 1000), TreeMap::new, toList()));
        List<Second> seconds = new ArrayList<>();
        bySecond.forEach((second, inIt) -> {
            Histogram histogram = histogram(inIt);
            seconds.add(new Second(
                    second,
                    inIt.stream().mapToInt(Sample::users).max().orElse(0),
                    inIt.size(),
                    (int) errors(inIt),
                    micros(histogram, 50),
                    micros(histogram, 95),
                    micros(histogram, 99),
                    micros(histogram, 100),
                    start + second * 1000L < steadyFrom));
        });
        return seconds;
    }

    private static List<Point> distribution(Histogram histogram) {
        List<Point> points = new ArrayList<>();
        for (HistogramIterationValue value : histogram.percentiles(TICKS_EACH_HALVING)) {
            points.add(new Point(value.getPercentileLevelIteratedTo(), value.getValueIteratedTo() * 1000));
        }
        return points;
    }

    private static Histogram histogram(Collection<Sample> samples) {
        Histogram histogram = new Histogram(DIGITS);
        samples.forEach(sample -> histogram.recordValue(sample.millis()));
        return histogram;
    }

    private static long micros(Histogram millis, double percentile) {
        return millis.getValueAtPercentile(percentile) * 1000;
    }
}
