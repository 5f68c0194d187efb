package dev.countersign.perf.load;

import dev.countersign.perf.server.JavaCommand;
import dev.countersign.perf.server.ServerProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** JMeter without its window, in a JVM of its own. */
final class JMeter {

    /**
     * Locale and time zone show in the dashboards. The collector is one that works beside JMeter, since a pause of JMeter
     * looks like one of the server's: while 500 users come, others pause for 30 to 60 ms. Its memory is there from the
     * start for the same reason. The second compiler stays out: in the minutes that JMeter runs, compiling costs it a
     * sixth of its CPU time, and more than the code gains.
     */
    private static final List<String> FLAGS = List.of(
            "-Duser.timezone=UTC",
            "-Duser.language=en",
            "-Duser.country=US",
            "-Xms1g",
            "-Xmx1g",
            "-XX:+UseZGC",
            "-XX:TieredStopAtLevel=1",
            "-XX:+AlwaysPreTouch",
            "-Xlog:gc,gc+phases:file=gc.log",
            "-Djava.util.prefs.userRoot=."); // it would leave a .java in the user's home

    /** A stall: a thread that allocates faster than memory is freed, or moved, waits for it. */
    private static final Pattern PAUSE = Pattern.compile("(?:Pause|Stall) .* (\\d+\\.\\d+)ms");

    private final Path home;
    private final Path plans;

    /** @throws IOException if the build hasn't laid JMeter out */
    JMeter(Project project) throws IOException {
        home = project.jmeter();
        plans = project.plans();
        if (Files.notExists(home)) {
            throw new IOException("there is no JMeter in " + home + ". Run mvn install first.");
        }
    }

    /** One run of a plan, under way or over. */
    record Run(Process process, Path folder) {

        private static final String SAMPLES = "samples.csv";

        /** As {@link Sample#read} takes it. */
        Path samples() {
            return folder.resolve(SAMPLES);
        }

        /** User and system time since its start, in steps of 10 ms; empty once it has ended. */
        Optional<Duration> cpu() {
            return process.toHandle().info().totalCpuDuration();
        }

        /** The longest that garbage collection has held a thread up so far; 0 where it hasn't. */
        double longestPauseMillis() throws IOException {
            try (Stream<String> lines = Files.lines(folder.resolve("gc.log"))) {
                return lines.flatMap(line -> PAUSE.matcher(line).results())
                        .map(result -> result.group(1))
                        .mapToDouble(Double::parseDouble)
                        .max()
                        .orElse(0);
            }
        }

        /**
         * Waits for its end, and ends it where that is interrupted.
         *
         * @param each called about twice a second meanwhile
         * @throws IOException if it ends with an error; what it printed is named
         */
        void await(Runnable each) throws IOException, InterruptedException {
            try {
                while (!process.waitFor(500, TimeUnit.MILLISECONDS)) {
                    each.run();
                }
            } finally {
                process.destroy();
            }
            if (process.exitValue() != 0) {
                throw new IOException("JMeter ended with exit code " + process.exitValue() + ": see "
                        + folder.resolve("jmeter.out") + " and jmeter.log beside it");
            }
        }
    }

    /**
     * Starts a scenario against a server on this machine.
     *
     * @param folder empty; takes samples and logs
     */
    Run start(Scenario scenario, ServerProcess server, Path folder) throws IOException {
        List<String> arguments = new ArrayList<>(
                List.of("-n", "-t", plans.resolve(scenario.plan()).toString(), "-l", Run.SAMPLES));
        arguments.add("-JregisterPort=" + server.registerPort().getPort());
        arguments.add("-JmessagePort=" + server.messagePort().getPort());
        arguments.add("-Jseconds=" + scenario.length().toSeconds());
        scenario.properties().forEach((name, value) -> arguments.add("-J" + name + "=" + value));
        return new Run(launch(arguments, folder), folder);
    }

    /**
     * Makes the dashboard of a run's samples.
     *
     * @param folder empty; takes it
     */
    void dashboard(Run run, Path folder) throws IOException, InterruptedException {
        Path logs = Files.createDirectory(run.folder().resolve("dashboard"));
        List<String> arguments = List.of("-g", run.samples().toString(), "-o", folder.toString());
        new Run(launch(arguments, logs), logs).await(() -> {});
    }

    private Process launch(List<String> arguments, Path folder) throws IOException {
        List<String> command = JavaCommand.ofJar(home.resolve("bin/ApacheJMeter.jar"), FLAGS);
        command.addAll(List.of("-q", plans.resolve("run.properties").toString(), "-j", "jmeter.log"));
        command.addAll(arguments);
        return new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("jmeter.out").toFile())
                .start();
    }
}
