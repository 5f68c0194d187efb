package dev.countersign.perf.capacity;

import dev.countersign.perf.server.ServerJvm;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.URL;
import java.util.ArrayList;
import java.util.List;

/**
 * How long a server takes to start: from the start of its process, on an empty home folder, to the first byte of an
 * answer from both of its ports. The files of the program are in the operating system's cache.
 */
final class StartTime {
    private StartTime() {}

    /** The median in seconds of each command, started {@code times} times, by turns. */
    static List<Double> medians(Servers servers, List<List<String>> commands, int times) throws IOException {
        List<Double> medians = new ArrayList<>();
        double[][] seconds = new double[commands.size()][times];
        for (int time = 0; time < times; time++) {
            for (int i = 0; i < commands.size(); i++) {
                seconds[i][time] = seconds(servers, commands.get(i));
            }
        }
        for (double[] each : seconds) {
            medians.add(Turns.quartiles(each).median());
        }
        return medians;
    }

    private static double seconds(Servers servers, List<String> command) throws IOException {
        long start = System.nanoTime();
        try (ServerJvm server = servers.start(command)) {
            for (InetSocketAddress port : List.of(server.registerPort(), server.messagePort())) {
                HttpURLConnection health =
                        (HttpURLConnection) new URL("http", "127.0.0.1", port.getPort(), "/health").openConnection();
                health.getResponseCode();
            }
            return (System.nanoTime() - start) / 1e9;
        }
    }
}
