package dev.countersign.perf.capacity;

import dev.countersign.perf.data.Results.*;
import dev.countersign.perf.run.Folders;
import dev.countersign.perf.run.Interruption;
import dev.countersign.perf.server.JavaCommand;
import dev.countersign.perf.server.ServerProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Compares two builds of the server: {@code mvn -pl perf exec:exec@duel -Dbaseline=JAR}.
 *
 * <p>Candidate, baseline and a second copy of the baseline run side by side and take turns under full load. The second
 * copy is the control: what it differs by from the first is noise. A build needs the wire contract, and the options
 * that place it ({@link ServerProcess#start}); so builds of other commits can be compared.
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

    @Option(names = "--connections", split = ",", description = "One number, or several to compare at.")
    private List<Integer> connections = List.of(51);

    @Option(names = "--body-bytes", description = "Bytes of a message's text.")
    private int bodyBytes = 64;

    @Option(names = "--clients", description = "Send each message from any of so many; 0: one client a connection.")
    private int clients = 0;

    @Option(names = "--texts", description = "Messages in a request; rates and CPU time are then of a text.")
    private int texts = 1;

    @Option(names = "--keyed", description = "Send an Idempotency-Key of its own with each request.")
    private boolean keyed;

    @Option(names = "--plain-text", description = "Send each message as plain text with Basic credentials.")
    private boolean plainText;

    @Option(names = "--home", paramLabel = "FOLDER", description = "Of starts: start on a copy of it each time.")
    private Optional<Path> home = Optional.empty();

    @Option(
            names = "--candidate-only",
            description =
                    "--clients, --texts, --keyed, --plain-text and --home are for the candidate; the baseline goes"
                            + " without.")
    private boolean candidateOnly;

    @Option(
            names = "--candidate-options",
            split = " ",
            paramLabel = "OPTIONS",
            description = "Of the candidate's server alone, such as --roll-size=4194304.")
    private List<String> candidateOptions = List.of();

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
        registrations,
        starts
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
                System.err.println("no jar: " + build.toAbsolutePath() + "; name it with --candidate and --baseline");
                return CommandLine.ExitCode.USAGE;
            }
        }
        if (home.isPresent() && !Files.isDirectory(home.get())) {
            System.err.println("no folder: " + home.get().toAbsolutePath() + "; name another one with --home");
            return CommandLine.ExitCode.USAGE;
        }
        print("candidate %s%nbaseline  %s, and a second copy as the control%n", candidate, baseline);
        if (workload == Load.starts) {
            compareStarts();
            return 0;
        }
        print("%d turns of %.1f s each, after %.0f s of warm-up; heap %s%n", turns, turnSeconds, warmUpSeconds, heap);
        long errors = 0;
        try (Servers servers = new Servers(scratch)) {
            List<Turns.Entrant> entrants = new ArrayList<>();
            for (int i = 0; i < NAMES.size(); i++) {
                ServerProcess server = servers.start(command(i));
                entrants.add(new Turns.Entrant(server, workload(i, server)));
            }
            Turns.take(over(connections.get(0), entrants), 1, seconds(warmUpSeconds));
            for (int each : connections) {
                List<Turns.Entrant> connected = over(each, entrants);
                errors += print(connected, Turns.take(connected, turns, seconds(turnSeconds)));
            }
        }
        return errors == 0 ? 0 : 1;
    }

    /** The first round, in which the operating system reads the programs from the disk, is not counted. */
    private void compareStarts() throws IOException {
        print("%d starts of each; heap %s%n", turns, heap);
        List<StartTime> starts = IntStream.range(0, NAMES.size())
                .mapToObj(i -> new StartTime(command(i), isPlain(i) ? Optional.empty() : home))
                .toList();
        StartTime.seconds(scratch, starts, 1);
        double[][] seconds = StartTime.seconds(scratch, starts, turns);
        print("%n%-10s%32s%36s%n", "", "seconds until both ports answer", "more than the baseline");
        for (int i = 0; i < NAMES.size(); i++) {
            double[] own = seconds[i];
            double[] more = IntStream.range(0, turns)
                    .mapToDouble(round -> own[round] - seconds[BASELINE][round])
                    .toArray();
            print(
                    "%-10s%32s%36s%n",
                    NAMES.get(i),
                    text("%.3f", Turns.quartiles(own)),
                    i == BASELINE ? "" : text("%+.3f", Turns.quartiles(more)));
        }
    }

    /** Whether it goes without what is asked for the candidate alone. */
    private boolean isPlain(int entrant) {
        return candidateOnly && entrant != CANDIDATE;
    }

    private List<String> command(int entrant) {
        Path build = entrant == CANDIDATE ? candidate : baseline;
        List<String> flags = JavaCommand.flags(heap);
        List<String> command = build.equals(EMPTY_SERVLET)
                ? JavaCommand.of(EmptyServlet.class, flags)
                : JavaCommand.ofJar(build, flags);
        return entrant == CANDIDATE
                ? Stream.concat(command.stream(), candidateOptions.stream()).toList()
                : command;
    }

    private Workload workload(int entrant, ServerProcess server) throws IOException {
        boolean plain = isPlain(entrant);
        if (workload == Load.registrations) {
            return Workload.registrations(1).carrying(1, keyed && !plain);
        }
        Workload messages = Workload.messages(bodyBytes, 1);
        if (plain) {
            return messages;
        }
        Workload asked = messages.carrying(texts, keyed).sentByAnyOf(Workload.register(server, clients));
        return plainText ? asked.asPlainText() : asked;
    }

    private static List<Turns.Entrant> over(int connections, List<Turns.Entrant> entrants) {
        return entrants.stream()
                .map(each -> new Turns.Entrant(each.server(), each.workload().over(connections)))
                .toList();
    }

    /** Gives the number of errors. */
    private long print(List<Turns.Entrant> entrants, Turns turns) {
        long errors = 0;
        print("%n%s%n", entrants.get(CANDIDATE).workload());
        if (candidateOnly) {
            print("baseline and control: %s%n", entrants.get(BASELINE).workload());
        }
        String unit = entrants.get(CANDIDATE).workload().texts() == 1 ? "request" : "text";
        print("%-10s%28s%10s%10s%32s%8s%n", "", unit + "s/s", "p50 us", "p99 us", "CPU us/" + unit, "errors");
        for (int i = 0; i < NAMES.size(); i++) {
            Side side = turns.side(i);
            errors += side.errors();
            print(
                    "%-10s%28s%10d%10d%32s%8d%n",
                    NAMES.get(i),
                    text("%.0f", side.perSecond()),
                    side.p50(),
                    side.p99(),
                    text("%.2f", side.cpuMicrosPerRequest()),
                    side.errors());
        }
        print("over the baseline, median of the rounds (quartiles)%n");
        print("%-10s%28s%28s%28s%n", "", unit + "s/s", "p99", "CPU time per " + unit);
        for (int i : List.of(CANDIDATE, CONTROL)) {
            print(
                    "%-10s%28s%28s%28s%n",
                    NAMES.get(i),
                    text("%.3f", turns.ratio(i, BASELINE)),
                    text("%.3f", turns.p99Ratio(i, BASELINE)),
                    text("%.3f", turns.cpuRatio(i, BASELINE)));
        }
        return errors;
    }

    private static void print(String format, Object... values) {
        System.out.printf(Locale.ROOT, format, values);
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
