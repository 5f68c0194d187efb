package dev.countersign.perf.server;

import com.google.gson.Gson;
import dev.countersign.core.StartupException;
import dev.countersign.perf.data.Results.OwnFigures;
import dev.countersign.web.operator.OperatorClient;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A server in a process of its own, on a folder of its own and free ports, up from its start to {@link #close()}. */
public final class ServerProcess implements AutoCloseable {
    private static final Pattern ADDRESS = Pattern.compile("(https?)://([^:/ ]+):(\\d+)/(register|message)");
    private static final Duration STOP = Duration.ofSeconds(20);

    private final Process process;
    private final Path home;
    private final Map<String, InetSocketAddress> addresses = new HashMap<>();
    private boolean isTls;

    private ServerProcess(Process process, Path home) {
        this.process = process;
        this.home = home;
    }

    /**
     * A server of another kind, which takes messages at {@code port} of this machine.
     *
     * @param process whose output somebody else reads
     */
    public static ServerProcess other(Process process, Path home, int port) {
        ServerProcess server = new ServerProcess(process, home);
        server.addresses.put("message", new InetSocketAddress("127.0.0.1", port));
        return server;
    }

    /**
     * Starts a server, or an empty servlet, and waits until it says where it listens. Both print the addresses of their
     * two ports, and take the same options.
     *
     * @param command starts the server, but for the options that place it: home, host and ports. What it does not set
     *     has its default, whatever the environment says
     * @throws IOException if it ends before it listens; what it printed is in the message
     */
    public static ServerProcess start(List<String> command, Path home) throws IOException {
        List<String> placed = new ArrayList<>(command);
        placed.addAll(List.of("--home=" + home, "--host=127.0.0.1", "--register-port=0", "--message-port=0"));
        ProcessBuilder builder = new ProcessBuilder(placed).redirectErrorStream(true);
        builder.environment().keySet().removeIf(name -> name.startsWith("COUNTERSIGN_"));
        ServerProcess server = new ServerProcess(builder.start(), home);
        try {
            server.awaitAddresses();
            return server;
        } catch (IOException e) {
            server.close();
            throw e;
        }
    }

    /** Where it takes {@code POST /register}. */
    public InetSocketAddress registerPort() {
        return addresses.get("register");
    }

    /** Where it takes {@code POST /message}. */
    public InetSocketAddress messagePort() {
        return addresses.get("message");
    }

    /** Whether both ports speak TLS. */
    public boolean isTls() {
        return isTls;
    }

    public boolean isAlive() {
        return process.isAlive();
    }

    /** User and system time of the whole process since its start, in steps of 10 ms ({@code /proc/PID/stat}). */
    public Duration cpu() {
        return process.toHandle().info().totalCpuDuration().orElseThrow();
    }

    /** What the server says of itself since then; empty where it has no operator's socket, as in a folder with a long path. */
    public List<OwnFigures> ownFigures(long sinceMillis) throws IOException {
        try {
            String status =
                    new OperatorClient(home).ask("GET", "/status?history").body();
            return new Gson()
                    .fromJson(status, Status.class).history().stream()
                            .filter(each -> each.time() > sinceMillis && each.flushP99Millis() != null)
                            .map(each -> new OwnFigures(
                                    (each.time() - sinceMillis) / 1000.0,
                                    each.answerP99Millis(),
                                    each.flushP99Millis()))
                            .toList();
        } catch (StartupException e) {
            return List.of();
        }
    }

    private record Status(List<Sample> history) {}

    /** Without messages there is no p99. */
    private record Sample(long time, Double answerP99Millis, Double flushP99Millis) {}

    @Override
    public void close() {
        process.destroy();
        try {
            if (!process.waitFor(STOP.toSeconds(), TimeUnit.SECONDS)) {
                process.destroyForcibly().waitFor();
            }
        } catch (InterruptedException e) {
            process.destroyForcibly();
            Thread.currentThread().interrupt();
        }
    }

    private void awaitAddresses() throws IOException {
        BufferedReader output = process.inputReader();
        StringBuilder printed = new StringBuilder();
        while (addresses.size() < 2) {
            String line = output.readLine();
            if (line == null) {
                throw new IOException("the server ended before it listened:\n" + printed);
            }
            printed.append(line).append('\n');
            Matcher address = ADDRESS.matcher(line);
            while (address.find()) {
                isTls = address.group(1).equals("https");
                addresses.put(
                        address.group(4), new InetSocketAddress(address.group(2), Integer.parseInt(address.group(3))));
            }
        }
        Thread drain = new Thread(this::drainOutput, "server-output");
        drain.setDaemon(true);
        drain.start();
    }

    /** A server whose output nobody reads stands still once the pipe is full. */
    private void drainOutput() {
        try {
            process.getInputStream().transferTo(OutputStream.nullOutputStream());
        } catch (IOException e) {
            // the process was ended
        }
    }
}
