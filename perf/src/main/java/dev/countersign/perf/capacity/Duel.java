package dev.countersign.perf.capacity;

import dev.countersign.perf.data.Results.Quartiles;
import dev.countersign.perf.data.Results.Side;
import dev.countersign.perf.server.JavaCommand;
import dev.countersign.web.Main;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Compares two servers by turns and prints what came out, for those who tune one: the server against the floor, or one
 * build against another ({@code --server="java -cp A dev.countersign.web.Main" --base="java -cp B ..."}).
 */
@Command(
        name = "duel",
        mixinStandardHelpOptions = true,
        showDefaultValues = true,
        sortOptions = false,
        description = "Compares two servers by turns, both alive and warm.")
public final class Duel implements Callable<Integer> {
    private static final int SERVER = 0;
    private static final int BASE = 1;
    private static final int CONTROL = 2;

    @Option(names = "--server", split = " ", description = "Command that starts the server.")
    private List<String> server = JavaCommand.of(Main.class, JavaCommand.FLAGS);

    @Option(names = "--base", split = " ", description = "Command that starts what it is compared with.")
    private List<String> base = JavaCommand.of(Floor.class, JavaCommand.FLAGS);

    @Option(names = "--request", split = ",", description = "message, register")
    private List<String> requests = List.of(Workload.MESSAGE);

    @Option(names = "--body-bytes", description = "Bytes of a message's text.")
    private int bodyBytes = 64;

    @Option(names = "--connections", split = ",")
    private List<Integer> connections = List.of(51);

    @Option(names = "--turns", description = "Turns of each.")
    private int turns = 12;

    @Option(names = "--turn-seconds")
    private double turnSeconds = 3;

    @Option(names = "--warm-up", description = "Seconds of full load that each gets before its first turn.")
    private double warmUpSeconds = 40;

    @Option(names = "--folder", description = "Where the servers write: a real disk.")
    private Path folder = Path.of(System.getProperty("java.io.tmpdir"));

    @Option(names = "--control", description = "A second copy of the base takes turns too.")
    private boolean control;

    public static void main(String... arguments) {
        System.exit(new CommandLine(new Duel()).execute(arguments));
    }

    @Override
    public Integer call() throws IOException {
        try (Servers servers = new Servers(folder)) {
            servers.start(server);
            servers.start(base);
            if (control) {
                servers.start(base);
            }
            int count = control ? 3 : 2;
            for (String request : requests) {
                Workload workload =
                        request.equals(Workload.REGISTER) ? Workload.registrations(1) : Workload.messages(bodyBytes, 1);
                servers.warmUp(workload.over(connections.get(0)), seconds(warmUpSeconds));
                for (int each : connections) {
                    print(workload.over(each), servers.turns(workload.over(each), count, turns, seconds(turnSeconds)));
                }
            }
        }
        return 0;
    }

    private void print(Workload workload, Turns turns) {
        System.out.println(workload);
        System.out.println("          requests/s (quartiles)    p50 us    p99 us  CPU us/request (quartiles)  errors");
        print("server", turns.side(SERVER));
        print("base", turns.side(BASE));
        print("  throughput, server/base", turns.ratio(SERVER, BASE));
        print("  CPU time,   server/base", turns.cpuRatio(SERVER, BASE));
        if (control) {
            print("  throughput, second copy of base/base", turns.ratio(CONTROL, BASE));
            print("  CPU time,   second copy of base/base", turns.cpuRatio(CONTROL, BASE));
        }
    }

    private static void print(String name, Side side) {
        Quartiles rate = side.perSecond();
        Quartiles cpu = side.cpuMicrosPerRequest();
        System.out.printf(
                Locale.ROOT,
                "  %-7s %7.0f (%.0f to %.0f) %9d %9d   %6.1f (%.1f to %.1f) %13d%n",
                name,
                rate.median(),
                rate.q1(),
                rate.q3(),
                side.p50(),
                side.p99(),
                cpu.median(),
                cpu.q1(),
                cpu.q3(),
                side.errors());
    }

    private static void print(String name, Quartiles ratio) {
        System.out.printf(Locale.ROOT, "%s: %.3f (%.3f to %.3f)%n", name, ratio.median(), ratio.q1(), ratio.q3());
    }

    private static Duration seconds(double seconds) {
        return Duration.ofNanos(Math.round(seconds * 1e9));
    }
}
