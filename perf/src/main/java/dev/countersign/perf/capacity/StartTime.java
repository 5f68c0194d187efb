package dev.countersign.perf.capacity;

import dev.countersign.perf.run.Folders;
import dev.countersign.perf.server.ServerProcess;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetSocketAddress;
import java.net.URL;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How long a server takes to start: from the start of its process to the first byte of an answer from both of its
 * ports. The files of the program, and of the home folder, are in the operating system's cache.
 *
 * @param home whose copy the server starts on; an empty folder where there is none
 */
record StartTime(List<String> command, Optional<Path> home) {

    /**
     * Starts each by turns, in changing order, and stops it again.
     *
     * @param scratch where the homes are made
     * @return seconds, by start in the order given, then by round
     */
    static double[][] seconds(Path scratch, List<StartTime> starts, int rounds) throws IOException {
        double[][] seconds = new double[starts.size()][rounds];
        for (int round = 0; round < rounds; round++) {
            for (int each : Turns.order(starts.size(), round)) {
                seconds[each][round] = starts.get(each).seconds(scratch.resolve("start"));
            }
        }
        return seconds;
    }

    private double seconds(Path folder) throws IOException {
        Folders.empty(folder);
        if (home.isPresent()) {
            Folders.copy(home.get(), folder);
        }
        long start = System.nanoTime();
        try (ServerProcess server = ServerProcess.start(command, folder)) {
            for (InetSocketAddress port : List.of(server.registerPort(), server.messagePort())) {
                HttpURLConnection health =
                        (HttpURLConnection) new URL("http", "127.0.0.1", port.getPort(), "/health").openConnection();
                health.getResponseCode();
            }
            return (System.nanoTime() - start) / 1e9;
        }
    }
}
