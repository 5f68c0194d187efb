package dev.countersign.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** JMeter's 500 virtual users, in a process of its own. {@code mvn install} lays JMeter out. They send without keys. */
final class VirtualUsers {

    private static final Path JMETER = Path.of("../perf/target/jmeter/bin/ApacheJMeter.jar");
    private static final Path PLANS = Path.of("../perf/src/test/jmeter");
    private static final String ID_PREFIX = "jmeter.";

    /** Of the samples file: milliseconds, request and status come first; id, text, refused text, code and receipt last. */
    private static final Pattern ROW = Pattern.compile(
            "^\\d+,(\\d+),([^,\n]*),([^,\n]*),.*,([^,\"\n]*),\"([^\"\n]*)\",[^,\n]*,([^,\n]*),([^,\n]*)$",
            Pattern.MULTILINE);

    private final Process process;
    private final Path samples;

    /** What one of them was answered; {@code status} is JMeter's words where no answer came. */
    record Sample(long millis, String request, String status, Credentials user, String text, String receipt) {

        static Sample of(MatchResult row) {
            return new Sample(
                    Long.parseLong(row.group(1)),
                    row.group(2),
                    row.group(3),
                    new Credentials(row.group(4), row.group(6)),
                    row.group(5),
                    row.group(7));
        }

        boolean isCreated(String asked) {
            return status.equals("201") && request.equals(asked);
        }

        boolean isAsPlanned() {
            return status.equals(request.equals("wrong code") ? "403" : "201");
        }
    }

    /** Starts them; they come within a second, and send for so many. */
    VirtualUsers(Cluster cluster, Path folder, int seconds) throws IOException {
        samples = folder.resolve("samples.csv").toAbsolutePath();
        process = cluster.java(
                "jmeter",
                1024,
                Map.of(),
                "-Djava.util.prefs.userRoot=" + folder, // not the user's home
                "-jar",
                JMETER,
                "-n",
                "-q",
                PLANS.resolve("run.properties"),
                "-t",
                PLANS.resolve("500.jmx"),
                "-j",
                folder.resolve("jmeter.log"),
                "-l",
                samples,
                "-JregisterPort=" + cluster.registerPort(),
                "-JmessagePort=" + cluster.messagePort(),
                "-Jjmeter.save.saveservice.assertion_results_failure_message=false", // has line ends
                "-JidPrefix=" + ID_PREFIX,
                "-Jseconds=" + seconds);
    }

    static boolean isOne(String id) {
        return id.startsWith(ID_PREFIX);
    }

    void requireAtWork() {
        assertTrue(process.isAlive(), "JMeter had ended before the last kill: give it more seconds");
    }

    /** Waits for their end. */
    List<Sample> await() throws IOException, InterruptedException {
        assertEquals(0, process.waitFor(), "JMeter's exit code");
        return ROW.matcher(Files.readString(samples)).results().map(Sample::of).toList();
    }

    /** Rate and latency of what went as planned, and how often what came instead. */
    static String figures(List<Sample> all, int seconds) {
        long[] millis = all.stream()
                .filter(Sample::isAsPlanned)
                .mapToLong(Sample::millis)
                .sorted()
                .toArray();
        Map<String, Long> others = all.stream()
                .filter(sample -> !sample.isAsPlanned())
                .collect(Collectors.groupingBy(Sample::status, TreeMap::new, Collectors.counting()));
        return String.format(
                Locale.ROOT,
                "JMeter's 500 users: %d requests a second, half of the answers within %d ms, 99 %% within %d ms; %d requests in"
                        + " all, not as planned %s",
                millis.length / seconds,
                millis[millis.length / 2],
                millis[millis.length * 99 / 100],
                all.size(),
                others);
    }
}
