package dev.countersign.perf.report;

import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/** Where the values of an axis stand between its ends, 0 and 1, and which of them get a tick. */
sealed interface Scale {

    /** Between 0 and 1; values beyond an end stand at that end. */
    double position(double value);

    List<Double> ticks();

    /** From zero to a round value not below {@code largest}. */
    static Scale linear(double largest) {
        double end = largest > 0 ? largest : 1;
        double step = roundUp(end / 4);
        return new Linear(step, (int) Math.ceil(end / step));
    }

    /** From a round value not above {@code smallest} to one not below {@code largest}; both are above zero. */
    static Scale logarithmic(double smallest, double largest) {
        double start = 1 / roundUp(1 / smallest);
        return new Logarithmic(start, Math.max(roundUp(largest), 2 * start));
    }

    /**
     * Percentiles by the logarithm of what they leave out, so that 90, 99 and 99.9 stand at equal distances, as in
     * HdrHistogram's plots. 100, which would stand at infinity, stands at the end, a little beyond the last.
     *
     * @param last the largest percentile below 100 that the axis has to show
     */
    static Scale nines(double last) {
        return new Nines(Math.max(1, nineCount(last)));
    }

    private static double nineCount(double percentile) {
        return -Math.log10(1 - percentile / 100);
    }

    /** The next of 1, 2, 5, 10, 20 and so on, which is not below the value. */
    private static double roundUp(double value) {
        double decade = Math.pow(10, Math.floor(Math.log10(value)));
        return DoubleStream.of(1, 2, 5, 10)
                .map(factor -> factor * decade)
                .filter(round -> round >= value * (1 - 1e-9))
                .findFirst()
                .orElseThrow();
    }

    private static double within(double position) {
        return Math.max(0, Math.min(1, position));
    }

    /** {@code steps} equal steps up from zero. */
    record Linear(double step, int steps) implements Scale {

        @Override
        public double position(double value) {
            return within(value / (step * steps));
        }

        @Override
        public List<Double> ticks() {
            return IntStream.rangeClosed(0, steps).mapToObj(i -> i * step).toList();
        }
    }

    /** Equal ratios at equal distances. */
    record Logarithmic(double start, double end) implements Scale {

        @Override
        public double position(double value) {
            return within(Math.log(Math.max(value, start) / start) / Math.log(end / start));
        }

        @Override
        public List<Double> ticks() {
            double[] factors = end / start > 1000 ? new double[] {1} : new double[] {1, 2, 5};
            return LongStream.rangeClosed((long) Math.floor(Math.log10(start)), (long) Math.ceil(Math.log10(end)))
                    .mapToDouble(exponent -> Math.pow(10, exponent))
                    .flatMap(decade -> DoubleStream.of(factors).map(factor -> factor * decade))
                    .filter(tick -> tick >= start * (1 - 1e-9) && tick <= end * (1 + 1e-9))
                    .boxed()
                    .toList();
        }
    }

    /** {@code nines} is how many nines the last percentile below 100 has: 2 for 99, 3 for 99.9. */
    record Nines(double nines) implements Scale {

        private static final double BEYOND = 0.75;

        @Override
        public double position(double percentile) {
            return percentile >= 100 ? 1 : within(nineCount(percentile) / (nines + BEYOND));
        }

        /** From six nines on every other one, for want of room. */
        @Override
        public List<Double> ticks() {
            DoubleStream few = nines > 5
                    ? DoubleStream.of(0, 90, 99.9, 99.999)
                    : DoubleStream.of(0, 50, 90, 99, 99.9, 99.99, 99.999);
            return DoubleStream.concat(
                            few.filter(percentile -> nineCount(percentile) <= nines + 1e-9), DoubleStream.of(100))
                    .boxed()
                    .toList();
        }
    }
}
