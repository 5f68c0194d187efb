package dev.countersign.perf.capacity;

import dev.countersign.perf.data.Results.Quartiles;
import dev.countersign.perf.data.Results.Side;
import dev.countersign.perf.run.Folders;
import dev.countersign.perf.run.Interruption;
import dev.countersign.perf.server.Credential;
import dev.countersign.perf.server.JavaCommand;
import dev.countersign.perf.server.ServerJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Compares two builds of the server: {@code mvn -pl perf exec:exec@duel -Dbaseline=JAR}.
 *
 * <p>Candidate, baseline and a second copy of the baseline run side by side and take turns under full load. The second
 * copy is the control: what it differs by from the first is noise. A build needs the wire contract, and the options
 * that place it ({@link ServerJvm#start}); so builds of other commits can be compared.
 */
@Command(
        name = "duel",
        mixinStandardHelpOptions = true,
        showDefaultValues = true,
        sortOptions = false,
        description = "Compares two builds of the server, and the baseline with itself, by turns under full load.")
public final class Duel implements Callable<Integer> {
    private static final List<String> NAMES = List.of("candidate", "baseline", "control");
    private static final Path EMPTY_SERVLET = Path.of("empty-servlet");
    private static final int CANDIDATE = 0;
    private static final int BASELINE = 1;
    private static final int CONTROL = 2;

    @Option(names = "--candidate", paramLabel = "JAR", required = true, description = "A self-contained jar.")
    private Path candidate;

    @Option(
            names = "--baseline",
            paramLabel = "JAR",
            required = true,
            description = "The jar to compare it with, or empty-servlet.")
    private Path baseline;

    @Option(names = "--workload", description = "${COMPLETION-CANDIDATES}")
    private Load workload = Load.messages;

    @Option(names = "--clients", description = "Send each message from any of so many; 0: one client a connection.")
    private int clients = 0;

    @Option(names = "--body-bytes", description = "Bytes of a message's text.")
    private int bodyBytes = 64;

    @Option(names = "--connections", split = ",", description = "One number, or several to compare at.")
    private List<Integer> connections = List.of(51);

    @Option(names = "--turns", description = "Turns of each.")
    private int turns = 12;

    @Option(names = "--turn-seconds")
    private double turnSeconds = 3;

    @Option(names = "--warm-up", description = "Seconds of full load that each gets before its first turn.")
    private double warmUpSeconds = 40;

    @Option(names = "--heap", description = "Of each server, as in -Xmx.")
    private String heap = "1g";

    private final Path scratch;

    /** @param scratch where the servers write: on the disk that is to be measured */
    Duel(Path scratch) {
        this.scratch = scratch;
    }

    /** By the names that are typed. */
    private enum Load {
        messages,
        registrations
    }

    /** Exit codes: 0 compared, 1 a request failed or a server did not start, 2 bad usage. */
    public static void main(String... arguments) throws IOException {
        Path scratch = Files.createTempDirectory(Files.createDirectories(Path.of("perf/target")), "duel");
        Interruption interruption = Interruption.prepare(scratch);
        int exitCode = new CommandLine(new Duel(scratch)).execute(arguments);
        Folders.delete(scratch);
        interruption.exit(exitCode);
    }

    @Override
    public Integer call() throws IOException {
        for (Path build : List.of(candidate, baseline)) {
            if (!Files.isRegularFile(build) && !build.equals(EMPTY_SERVLET)) {
                System.err.println("no jar: " + build.toAbsolutePath() + "; name it with -Dcandidate and -Dbaseline");
                return CommandLine.ExitCode.USAGE;
            }
        }
        System.out.printf(
                Locale.ROOT,
                "candidate %s%nbaseline  %s, and a second copy as the control%n"
                        + "%d turns of %.1f s for each, after %.0f s of warm-up; heap %s%n",
                candidate,
                baseline,
                turns,
                turnSeconds,
                warmUpSeconds,
                heap);
        long errors = 0;
        try (Servers servers = new Servers(scratch)) {
            List<Entrant> entrants = new ArrayList<>();
            for (Path build : List.of(candidate, baseline, baseline)) {
                ServerJvm server = servers.start(command(build));
                entrants.add(new Entrant(server, workload(server)));
            }
            Turns.take(over(connections.get(0), entrants), 1, seconds(warmUpSeconds));
            for (int each : connections) {
                List<Entrant> connected = over(each, entrants);
                Turns measured = Turns.take(connected, turns, seconds(turnSeconds));
                print(connected.get(BASELINE).workload(), measured);
                errors += IntStream.range(0, NAMES.size())
                        .mapToLong(i -> measured.side(i).errors())
                        .sum();
            }
        }
        return errors == 0 ? 0 : 1;
    }

    private List<String> command(Path build) {
        List<String> flags = JavaCommand.flags(heap);
        return build.equals(EMPTY_SERVLET)
                ? JavaCommand.of(EmptyServlet.class, flags)
                : JavaCommand.ofJar(build, flags);
    }

    private Workload workload(ServerJvm server) throws IOException {
        if (workload == Load.registrations) {
            return Workload.registrations(1);
        }
        List<Credential> senders = Workload.register(server, clients);
        return Workload.messages(bodyBytes, 1).sentByAnyOf(senders);
    }

    private static List<Entrant> over(int connections, List<Entrant> entrants) {
        return entrants.stream()
                .map(each -> new Entrant(each.server(), each.workload().over(connections)))
                .toList();
    }

    private static void print(Workload workload, Turns turns) {
        System.out.printf("%n%s%n", workload);
        System.out.printf(
                "%-10s%28s%10s%10s%26s%8s%n", "", "requests/s", "p50 us", "p99 us", "CPU us/request", "errors");
        for (int i = 0; i < NAMES.size(); i++) {
            Side side = turns.side(i);
            System.out.printf(
                    Locale.ROOT,
                    "%-10s%28s%10d%10d%26s%8d%n",
                    NAMES.get(i),
                    text("%.0f", side.perSecond()),
                    side.p50(),
                    side.p99(),
                    text("%.1f", side.cpuMicrosPerRequest()),
                    side.errors());
        }
        System.out.println("over the baseline, median of the rounds (quartiles)");
        System.out.printf("%-10s%28s%28s%28s%n", "", "requests/s", "p99", "CPU time per request");
        for (int i : List.of(CANDIDATE, CONTROL)) {
            System.out.printf(
                    "%-10s%28s%28s%28s%n",
                    NAMES.get(i),
                    text("%.3f", turns.ratio(i, BASELINE)),
                    text("%.3f", turns.p99Ratio(i, BASELINE)),
                    text("%.3f", turns.cpuRatio(i, BASELINE)));
        }
    }

    private static String text(String format, Quartiles quartiles) {
        return String.format(
                Locale.ROOT,
                format + " (" + format + " to " + format + ")",
                quartiles.median(),
                quartiles.q1(),
                quartiles.q3());
    }

    private static Duration seconds(double seconds) {
        return Duration.ofNanos(Math.round(seconds * 1e9));
    }
}
