package dev.countersign.perf.capacity;

import dev.countersign.perf.server.ServerJvm;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/**
 * How long a server takes to start: from the start of its process, on an empty home folder, to the first byte of an
 * answer from both of its ports. The files of the program are in the operating system's cache.
 */
final class StartTime {
    private static final byte[] HEALTH =
            "GET /health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".getBytes(StandardCharsets.US_ASCII);

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
            awaitAnswer(server.registerPort());
            awaitAnswer(server.messagePort());
            return (System.nanoTime() - start) / 1e9;
        }
    }

    private static void awaitAnswer(InetSocketAddress port) throws IOException {
        try (Socket socket = new Socket(port.getAddress(), port.getPort())) {
            socket.getOutputStream().write(HEALTH);
            if (socket.getInputStream().read() < 0) {
                throw new IOException("no answer from " + port);
            }
        }
    }
}
