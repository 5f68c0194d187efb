package dev.countersign.perf.data;

import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/**
 * What {@code reports/data/*.json} hold, one record a file; the report is drawn from them alone.
 *
 * <p>Times are microseconds and rates are a second's, unless a name says otherwise. Files, by Gson, field for field:
 * {@code environment.json}; {@code 51.json}, {@code 500.json}, {@code arrivals-51.json}, {@code arrivals-500.json}
 * ({@link Load}); {@code capacity.json} ({@link Capacity}); {@code open.json} ({@link OpenRates});
 * {@code jmh.json} is JMH's own format. A file that is missing was not measured, and the page says so.
 */
public final class Results {

    private Results() {}

    /** What a gate or a run came to. INVALID: the run can't tell, because the load side fell short. */
    public enum Verdict {
        PASS,
        FAIL,
        INVALID;

        /** FAIL where any gate failed, else INVALID where any can't tell. */
        public static Verdict worst(Collection<Gate> gates) {
            List<Verdict> verdicts = gates.stream().map(Gate::verdict).toList();
            return verdicts.contains(FAIL) ? FAIL : verdicts.contains(INVALID) ? INVALID : PASS;
        }
    }

    /** Where and of what the figures were taken. {@code quick}: cut short for a look, not evidence. */
    public record Environment(
            String commit,
            boolean dirty,
            String startedAt,
            String cpu,
            int cores,
            long memoryMiB,
            String kernel,
            String disk,
            String jdk,
            String serverFlags,
            boolean quick) {}

    /** One rule held against one measured value. {@code limit} is empty of a unit; {@code unit} may be "". */
    public record Gate(
            String scenario, String name, String rule, double limit, double measured, String unit, Verdict verdict) {}

    /** A point of a latency distribution: {@code percentile} of the requests took at most {@code micros}. */
    public record Point(double percentile, long micros) {}

    /** A second of a run, counted from its start. */
    public record Second(
            int second, int users, int requests, int errors, long p50, long p95, long p99, long max, boolean ramp) {}

    /** One kind of request ("register", "message", "wrong code") in the measured (steady) part of a run. */
    public record Step(String name, long requests, long errors, long p50, long p95, long p99, long max) {}

    /**
     * A JMeter run: {@code 51}, {@code 500} (closed, 5 to 9 s think time) or {@code arrivals-N} (open).
     *
     * @param steadySeconds seconds measured after the ramp
     * @param offered requests a second that the plan asks for (arithmetic)
     * @param achieved requests a second seen in the steady part
     * @param acknowledged messages answered with 201 in the whole run
     * @param inLog records of the log in the whole run
     * @param rampP95 of the first ten seconds, micros
     * @param loadCpuPercent of one core, of the process that made the load
     * @param loadMaxPauseMillis its longest garbage collection pause
     */
    public record Load(
            String scenario,
            int users,
            double steadySeconds,
            double offered,
            double achieved,
            long registered,
            long distinctCodes,
            long rows,
            long acknowledged,
            long inLog,
            long lost,
            long doubled,
            long forged,
            long altered,
            long wrongCodesSent,
            long refused,
            long errors,
            long p50,
            long p95,
            long p99,
            long max,
            long rampP95,
            double loadCpuPercent,
            double loadMaxPauseMillis,
            double serverCpuMicrosPerRequest,
            List<Step> steps,
            List<Point> distribution,
            List<Second> seconds,
            List<Gate> gates) {}

    /** Lower quartile, median and upper quartile of the turns. */
    public record Quartiles(double q1, double median, double q3) {}

    /** One side of a comparison over all its turns. */
    public record Side(Quartiles perSecond, long p50, long p99, Quartiles cpuMicrosPerRequest, long errors) {}

    /**
     * Server and floor in turns, both alive and warm.
     *
     * @param request "message" or "register"
     * @param bodyBytes bytes of the message's text; 0 for a registration
     * @param ratio server's requests a second over the floor's, of neighbouring turns
     * @param cpuRatio likewise of CPU time a request
     * @param control a second copy of the floor over the floor; null where the turns were few
     */
    public record Comparison(
            String request,
            int bodyBytes,
            int connections,
            int turns,
            double turnSeconds,
            Side server,
            Side floor,
            Quartiles ratio,
            Quartiles cpuRatio,
            Quartiles control) {}

    /** A goal set beforehand: what was asked for, what was measured, and whether it holds. */
    public record Target(String name, String rule, double limit, double measured, String unit, boolean met) {}

    /**
     * The closed-loop runs.
     *
     * @param loadGenerator its name and version
     * @param unflushed comparisons of a server with {@code --sync os} with the floor, to tell the disk's share from the
     *     server's own; empty in a quick run
     */
    public record Capacity(
            String loadGenerator,
            double warmUpSeconds,
            List<Comparison> comparisons,
            List<Comparison> unflushed,
            List<Target> targets) {

        /** The same with one goal more. */
        public Capacity with(Target target) {
            return new Capacity(
                    loadGenerator,
                    warmUpSeconds,
                    comparisons,
                    unflushed,
                    Stream.concat(targets.stream(), Stream.of(target)).toList());
        }
    }

    /** One fixed rate: latency is counted from when a request was due. {@code percentOfKnee} 25 to 90. */
    public record OpenRate(
            String target,
            int percentOfKnee,
            double offered,
            double achieved,
            long errors,
            long p50,
            long p95,
            long p99,
            long max,
            List<Point> distribution) {}

    /** The open-rate runs. {@code target} of each is "server" or "floor". */
    public record OpenRates(String request, int connections, double knee, double seconds, List<OpenRate> rates) {}
}
