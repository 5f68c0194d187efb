package dev.countersign.perf.load;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import dev.countersign.perf.data.Results.*;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.LongSummaryStatistics;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.HdrHistogram.Histogram;

/**
 * A run's samples in figures. Microseconds, but of whole milliseconds, since JMeter counts no finer: 0 is "below one".
 *
 * <p>A sample belongs to the moment at which it began. The run begins with its first sample, then comes the ramp, then
 * the steady part, and what began later is left out; errors alone count wherever they fall.
 *
 * @param steadyFromMillis since 1970; {@code steadyToMillis} likewise
 */
record Figures(long steadyFromMillis, long steadyToMillis, long steadyRequests, Served served) {

    private static final int DIGITS = 3; // exact up to two seconds, to a thousandth beyond
    private static final long MILLI = 1000;

    /** @throws IllegalStateException where there is no sample at all */
    static Figures of(List<Sample> samples, Duration ramp, Duration steady) {
        long start = samples.stream()
                .mapToLong(Sample::startMillis)
                .min()
                .orElseThrow(() -> new IllegalStateException("JMeter sent nothing: see the jmeter.log of the run"));
        long from = start + ramp.toMillis();
        long to = from + steady.toMillis();
        List<Sample> inSteady = within(samples, from, to);
        return new Figures(
                from,
                to,
                inSteady.size(),
                new Served(
                        inSteady.size() * 1000.0 / steady.toMillis(),
                        errors(samples),
                        latency(inSteady),
                        latency(within(samples, start, from)).p95(),
                        slowestClientMillis(samples, from, to),
                        Stream.of(Sample.REGISTER, Sample.MESSAGE, Sample.WRONG_CODE)
                                .map(step -> step(step, inSteady))
                                .filter(step -> step.requests() > 0)
                                .toList(),
                        Point.distribution(histogram(inSteady), MILLI),
                        seconds(within(samples, start, to), start, from)));
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
        return new Step(name, samples.size(), errors(samples), latency(samples));
    }

    private static List<Second> seconds(List<Sample> samples, long start, long steadyFrom) {
        Map<Integer, List<Sample>> bySecond = samples.stream()
                .collect(groupingBy(sample -> (int) ((sample.startMillis() - start) / 1000), TreeMap::new, toList()));
        List<Second> seconds = new ArrayList<>();
        bySecond.forEach((second, inIt) -> seconds.add(new Second(
                second,
                inIt.stream().mapToInt(Sample::virtualUsers).max().orElse(0),
                inIt.size(),
                (int) errors(inIt),
                latency(inIt),
                start + second * 1000L < steadyFrom,
                powersOfTwo(inIt))));
        return seconds;
    }

    /** How many took less than 1, 2, 4, 8 ms and so on, each one counted once. */
    private static List<Integer> powersOfTwo(List<Sample> samples) {
        int[] counts = new int[Long.SIZE + 1];
        samples.forEach(sample -> counts[Long.SIZE - Long.numberOfLeadingZeros(sample.millis())]++);
        int end = counts.length;
        while (counts[end - 1] == 0) {
            end--;
        }
        return IntStream.of(counts).limit(end).boxed().toList();
    }

    private static Histogram histogram(Collection<Sample> samples) {
        Histogram histogram = new Histogram(DIGITS);
        samples.forEach(sample -> histogram.recordValue(sample.millis()));
        return histogram;
    }

    private static Latency latency(Collection<Sample> samples) {
        return Latency.of(histogram(samples), MILLI);
    }
}
