package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.BufferedReader;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A server in a JVM of its own, as people start one. Closing it kills it, if it still runs. */
final class ServerProcess implements AutoCloseable {

    private static final Pattern PORT = Pattern.compile(":(\\d+)/(?:register|message)$");
    private static final int MAX_SECONDS = 60;
    private static final String LAST_LINE = "  stop ";

    private final Process process;
    private final List<String> greeting = new ArrayList<>();

    private ServerProcess(Process process) {
        this.process = process;
    }

    /** The command that starts it, from what ships: the class path has none of the tests' own files. */
    static List<String> command(String... arguments) {
        List<String> command = ShippedClasses.command();
        command.add(Main.class.getName());
        command.addAll(List.of(arguments));
        return command;
    }

    /** Starts one on free ports, and returns once it says that it listens. */
    static ServerProcess start(Path home, String... options) throws IOException {
        return start(onFreePorts(home, options));
    }

    private static ProcessBuilder onFreePorts(Path home, String... options) {
        List<String> command = command("--home=" + home, "--host=127.0.0.1", "--register-port=0", "--message-port=0");
        command.addAll(List.of(options));
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().putAll(Engines.environment(home));
        return builder;
    }

    /** SIGKILL so long after it was begun, wherever it is by then. */
    static void killWhileItStarts(Path home, long millis) throws IOException, InterruptedException {
        ProcessBuilder command = onFreePorts(home).redirectErrorStream(true).redirectOutput(Redirect.DISCARD);
        try (ServerProcess server = new ServerProcess(command.start())) {
            assertFalse(server.endsWithin(millis), "ended by itself");
        }
    }

    static ServerProcess start(ProcessBuilder command) throws IOException {
        ServerProcess server =
                new ServerProcess(command.redirectErrorStream(true).start());
        try {
            server.awaitGreeting();
            return server;
        } catch (IOException e) {
            server.close();
            throw e;
        }
    }

    /** Kills a process that takes longer than any start; its output ends then. Cancelling it leaves the process alone. */
    static CompletableFuture<Void> endInTime(Process process) {
        return CompletableFuture.runAsync(
                process::destroyForcibly, CompletableFuture.delayedExecutor(MAX_SECONDS, TimeUnit.SECONDS));
    }

    private void awaitGreeting() throws IOException {
        CompletableFuture<Void> end = endInTime(process);
        BufferedReader output = process.inputReader();
        for (String line = output.readLine(); line != null; line = output.readLine()) {
            greeting.add(line);
            if (line.startsWith(LAST_LINE)) {
                end.cancel(false);
                return;
            }
        }
        throw new IOException("it ended at once: " + greeting);
    }

    /** What it printed up to where it listens. */
    String greeting() {
        return String.join("\n", greeting);
    }

    /** What it printed since, up to its end. */
    String restOfOutput() throws IOException {
        return process.inputReader().lines().collect(Collectors.joining("\n"));
    }

    /** Writes a line to its standard input. */
    void tell(String line) throws IOException {
        process.outputWriter().append(line).append('\n').flush();
    }

    Service service() {
        List<Integer> ports = greeting.stream()
                .map(PORT::matcher)
                .filter(Matcher::find)
                .map(port -> Integer.parseInt(port.group(1)))
                .toList();
        return new Service(ports.get(0), ports.get(1));
    }

    long pid() {
        return process.pid();
    }

    /** Whether it ends by itself within a time. */
    boolean endsWithin(long millis) throws InterruptedException {
        return process.waitFor(millis, TimeUnit.MILLISECONDS);
    }

    /** SIGTERM; returns the exit code. */
    int stop() throws InterruptedException {
        process.toHandle().destroy(); // Process.destroy() would close its output, too
        endInTime(process);
        return process.waitFor();
    }

    /** Lets it stand still, in the middle of whatever it is at; returns when each of its threads does. Linux only. */
    void pause() throws IOException, InterruptedException {
        signal("STOP");
        boolean still;
        do {
            still = true;
            try (Stream<Path> threads = Files.list(Path.of("/proc", Long.toString(pid()), "task"))) {
                for (Path thread : threads.toList()) {
                    String stat = Files.readString(thread.resolve("stat"));
                    still &= stat.charAt(stat.lastIndexOf(')') + 2) == 'T';
                }
            } catch (NoSuchFileException e) {
                still = false; // a thread has ended
            }
        } while (!still);
    }

    /** Lets it go on. */
    void resume() throws IOException, InterruptedException {
        signal("CONT");
    }

    private void signal(String name) throws IOException, InterruptedException {
        int exit = new ProcessBuilder("kill", "-" + name, Long.toString(pid()))
                .start()
                .waitFor();
        assertEquals(0, exit, "kill -" + name);
    }

    /** SIGKILL: the process does nothing more, not even in what it is at. */
    void kill() {
        kill(process);
    }

    /** Not by onExit(): on JDK 25 that needs a thread of the common pool, which a test may hold. */
    static void kill(Process process) {
        try {
            process.destroyForcibly().waitFor();
        } catch (InterruptedException e) {
            throw new IllegalStateException("interrupted before " + process + " had ended", e);
        }
    }

    @Override
    public void close() {
        kill();
    }
}
