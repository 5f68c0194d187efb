package dev.countersign.perf.data;

import com.google.gson.GsonBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.HdrHistogram.HistogramIterationValue;

/**
 * What {@code reports/data/*.json} hold, one record a file; the report is drawn from them alone.
 *
 * <p>Times are microseconds and rates are a second's, unless a name says otherwise. Files, by Gson, field for field:
 * {@code environment.json}; {@code disk.json} ({@link Disk}); {@code 51.json}, {@code 500.json}, {@code arrivals-51.json}, {@code arrivals-500.json}
 * ({@link Load}); {@code capacity.json} ({@link Capacity}); {@code open.json} ({@link OpenRates}); {@code peers.json}
 * ({@link Peers}); {@code hops.json} ({@link Hops}); {@code history.json} (a list of {@link PastRun}, the oldest first); {@code jmh.json} is JMH's own format; {@code proof/*.json} ({@link Trial}) hold what the long tests print. A file that
 * is missing was not measured, and the page says so.
 */
public final class Results {

    private Results() {}

    /** Writes a file of {@code reports/data}. */
    public static void write(Path file, Object content) throws IOException {
        String json = new GsonBuilder().setPrettyPrinting().create().toJson(content);
        Files.writeString(file, json + "\n");
    }

    /** Result of a threshold, or of a run. */
    public enum Verdict {
        PASS,
        FAIL,
        /** The run can't tell, because the load side fell short. */
        INVALID,
        /** Of a goal, which doesn't count towards the run's verdict. */
        MISSED;

        /** FAIL where any threshold failed, else INVALID where any can't tell, else PASS. */
        public static Verdict worst(Collection<Threshold> thresholds) {
            List<Verdict> verdicts = thresholds.stream().map(Threshold::verdict).toList();
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

    /**
     * The disk alone: blocks of 4 KiB are written over old ones, each flushed before the next.
     *
     * @param flush a write with its flush
     */
    public record Disk(double flushesPerSecond, Latency flush) {}

    /** A measured value beside its limit. {@code unit} may be "". */
    public record Threshold(
            String scenario, String name, String rule, double limit, double measured, String unit, Verdict verdict) {}

    /** Percentiles of a latency, and its maximum. */
    public record Latency(long p50, long p95, long p99, long max) {

        /** @param unitMicros microseconds of the histogram's unit */
        public static Latency of(Histogram histogram, long unitMicros) {
            return new Latency(
                    histogram.getValueAtPercentile(50) * unitMicros,
                    histogram.getValueAtPercentile(95) * unitMicros,
                    histogram.getValueAtPercentile(99) * unitMicros,
                    histogram.getValueAtPercentile(100) * unitMicros);
        }
    }

    /** A point of a latency distribution: {@code percentile} of the requests took at most {@code micros}. */
    public record Point(double percentile, long micros) {

        private static final int TICKS_EACH_HALVING = 5; // of what is left up to 100

        /** @param unitMicros microseconds of the histogram's unit */
        public static List<Point> distribution(Histogram histogram, long unitMicros) {
            List<Point> points = new ArrayList<>();
            for (HistogramIterationValue value : histogram.percentiles(TICKS_EACH_HALVING)) {
                points.add(new Point(value.getPercentileLevelIteratedTo(), value.getValueIteratedTo() * unitMicros));
            }
            return points;
        }
    }

    /**
     * A second of a run, counted from its start.
     *
     * @param histogram how many requests took less than 1 ms, from there on less than 2, 4, 8 ms and so on
     */
    public record Second(
            int second,
            int virtualUsers,
            int requests,
            int errors,
            Latency latency,
            boolean ramp,
            List<Integer> histogram) {}

    /** One kind of request ("register", "message", "wrong code") in the measured (steady) part of a run. */
    public record Step(String name, long requests, long errors, Latency latency) {}

    /**
     * Requests of a JMeter run and how they were answered.
     *
     * @param achieved requests a second in the steady part, which {@code latency} and {@code distribution} are of
     * @param errors unexpected answers in the whole run
     * @param rampP95 of the requests before the steady part
     * @param slowestClientMillis from the start of a client's first request to the end of its last answer, at worst
     */
    public record Served(
            double achieved,
            long errors,
            Latency latency,
            long rampP95,
            long slowestClientMillis,
            List<Step> steps,
            List<Point> distribution,
            List<Second> seconds) {}

    /**
     * Answers of a whole run compared with what the server stored. {@code stray}, and {@code lost} to {@code
     * refusedLogged}, are 0 where promises were kept.
     *
     * @param registered registrations answered with 201, with {@code distinctCodes}; {@code rows} are the table's
     * @param stray ids that were answered, or are in the table, and whose code is not the same in both
     * @param acknowledged messages answered with 201
     * @param inLog lines of the log
     * @param lost acknowledged messages that the log doesn't have
     * @param doubled lines of messages that the log has already
     * @param altered acknowledged messages whose line has another receipt, id or text
     * @param forged lines of messages that nobody sent, and lines that are no record
     * @param refusedLogged lines of messages that carried a wrong code
     * @param wrongCodesSent messages that carried a wrong code
     * @param refused those of them that were answered with 403
     */
    public record Findings(
            long registered,
            long distinctCodes,
            long rows,
            long stray,
            long acknowledged,
            long inLog,
            long lost,
            long doubled,
            long altered,
            long forged,
            long refusedLogged,
            long wrongCodesSent,
            long refused) {

        /** Lines of the log that should not be there. */
        public long notSent() {
            return forged + refusedLogged;
        }
    }

    /**
     * The process that made the load.
     *
     * @param cpuPercent of one core, in the steady part
     * @param maxPauseMillis its longest garbage collection pause
     * @param runs of the scenario: this one, and those before it in which the load side fell short
     */
    public record LoadSide(double cpuPercent, double maxPauseMillis, int runs) {}

    /**
     * A JMeter run: {@code 51}, {@code 500} (closed, 5 to 9 s think time) or {@code arrivals-N} (open).
     *
     * @param virtualUsers at once; of arrivals, new ones each second
     * @param steadySeconds seconds measured after the ramp
     * @param offered requests a second that the plan asks for (arithmetic)
     * @param own of the server
     */
    public record Load(
            String scenario,
            int virtualUsers,
            double steadySeconds,
            double offered,
            Served served,
            Findings findings,
            LoadSide loadSide,
            double serverCpuMicrosPerRequest,
            List<OwnFigures> own,
            List<Threshold> thresholds) {}

    /** Lower quartile, median and upper quartile of the turns. */
    public record Quartiles(double q1, double median, double q3) {}

    /** One side of a comparison over all its turns. */
    public record Side(Quartiles perSecond, long p50, long p99, Quartiles cpuMicrosPerRequest, long errors) {}

    /**
     * Server and empty servlet in turns, both alive and warm.
     *
     * @param request "message" or "register"
     * @param bodyBytes bytes of the message's text; 0 for a registration
     * @param ratio server's requests a second over the empty servlet's, of neighbouring turns
     * @param cpuRatio likewise of CPU time a request
     * @param control a second copy of the empty servlet over the first; null where the turns were few
     */
    public record Comparison(
            String request,
            int bodyBytes,
            int connections,
            int turns,
            double turnSeconds,
            Side server,
            Side emptyServlet,
            Quartiles ratio,
            Quartiles cpuRatio,
            Quartiles control) {

        /** The server's requests, the median of its turns. */
        public double perSecond() {
            return server.perSecond().median();
        }
    }

    /**
     * The closed-loop runs.
     *
     * @param loadGenerator its name and version
     * @param unflushed comparisons of a server with {@code --sync os} with the empty servlet, to tell the disk's share
     *     from the server's own; empty in a quick run
     * @param encrypted comparisons of both with TLS; empty in a quick run
     */
    public record Capacity(
            String loadGenerator,
            double warmUpSeconds,
            List<Comparison> comparisons,
            List<Comparison> unflushed,
            List<Comparison> encrypted,
            List<Threshold> thresholds) {}

    /** Server over empty servlet, as in {@link Comparison}. */
    public record Ratios(Quartiles throughput, Quartiles cpu) {}

    /**
     * What is kept of a run once another one is published in its place.
     *
     * @param ratios of each comparison with a control, by its title
     */
    public record PastRun(String commit, String startedAt, String cpu, Map<String, Ratios> ratios) {}

    /**
     * A server in its turns among others, each of which answers once a message is on the disk.
     *
     * @param name with its version; the first is Countersign
     * @param texts messages of 64 bytes in a request
     * @param perSecond messages
     * @param p99 of a request's latency
     * @param ratio its messages a second over Countersign's, of the same rounds
     */
    public record Peer(
            String name, int connections, int texts, Quartiles perSecond, long p99, long errors, Quartiles ratio) {}

    /**
     * Other servers beside Countersign.
     *
     * @param environment of this measurement, which may be newer than the rest
     * @param missing why one of them was not measured
     */
    public record Peers(
            Environment environment, int turns, double turnSeconds, List<Peer> peers, List<String> missing) {}

    /**
     * One kind of request to one server, or to several.
     *
     * @param servers with what is in front of them and behind
     * @param request "message" or "registration"
     * @param p50 of one client; {@code p99} likewise
     * @param perSecond of all clients at once
     * @param cpuMicros of a request, by the processes that it passes
     */
    public record Hop(
            String servers, String request, long p50, long p99, double perSecond, Map<String, Long> cpuMicros) {}

    /**
     * What the processes cost that a request passes, by a test of client.
     *
     * @param environment of this measurement: its commit, time, CPU and cores
     * @param oneByOne requests of one client, which the latency is of
     * @param clients that send at once, which rate and CPU time are of
     */
    public record Hops(Environment environment, int oneByOne, int clients, List<Hop> hops) {}

    /**
     * The server's own figures, of five seconds.
     *
     * @param second their end, from the start of the rate
     * @param durableP99Millis of the messages, from when the log got them to when they were on disk
     * @param flushP99Millis of the batches, their write included
     */
    public record OwnFigures(double second, double durableP99Millis, double flushP99Millis) {

        /** The same, counted from a start that many seconds earlier. */
        public OwnFigures later(double seconds) {
            return new OwnFigures(second + seconds, durableP99Millis, flushP99Millis);
        }
    }

    /**
     * One fixed rate: latency is counted from when a request was due. {@code percentOfKnee} 25 to 90.
     *
     * @param own of the server; empty for the empty servlet
     */
    public record OpenRate(
            String target,
            int percentOfKnee,
            double offered,
            double achieved,
            long errors,
            Latency latency,
            List<Point> distribution,
            List<OwnFigures> own) {}

    /** The open-rate runs. {@code target} of each is {@link #SERVER} or {@link #EMPTY_SERVLET}. */
    public record OpenRates(String request, int connections, double knee, double seconds, List<OpenRate> rates) {

        public static final String SERVER = "server";
        public static final String EMPTY_SERVLET = "empty servlet";
    }

    /** What a trial does to the server, again and again. */
    public enum Harm {
        /** {@code kill -9} of the server or of a client. */
        KILL,
        POWER_CUT,
        /** A call to the system that fails. */
        FAULT,
        /** Somebody renames, removes, cuts or rotates the log. */
        OTHERS_HANDS,
        HOSTILE_INPUT
    }

    /**
     * A class of tests that tried to make the server lose what it had acknowledged.
     *
     * @param what the trial in a few words
     * @param times how often the harm was done
     * @param checked acknowledged messages and registrations that were looked for afterwards, of all the times together
     * @param lost those that weren't there
     * @param doubled those that were there twice
     * @param failed tests of the class that failed: because something was lost or doubled, or for any other reason
     * @param command repeats it
     * @param finishedAt ISO 8601
     */
    public record Trial(
            Harm harm,
            String what,
            long times,
            long checked,
            long lost,
            long doubled,
            long failed,
            String command,
            String finishedAt) {}
}
