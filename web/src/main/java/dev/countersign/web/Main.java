package dev.countersign.web;

import dev.countersign.core.Home;
import dev.countersign.core.StartupException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ParameterException;

/**
 * The server's command line: reads the settings, starts the server, prints where it listens, and sets the exit code.
 */
@Command(
        name = "countersign-server",
        description = "Registers ids on one port and logs messages on another. A 201 means on disk.",
        mixinStandardHelpOptions = true,
        resourceBundle = "dev.countersign.web.build",
        version = "Countersign ${bundle:build.version}",
        sortOptions = false,
        subcommands = LogCommand.class,
        footer = {
            "",
            "The server takes each setting from the first of these that has it: the option,",
            "the system property (-Dregister.port=9000), the environment variable",
            "(COUNTERSIGN_REGISTER_PORT=9000), the file of --config (register-port=9000).",
            "Exit codes: 143 stopped by SIGTERM, 130 by Ctrl-C, 1 can't start, 2 wrong",
            "usage, 3 out of memory, 4 a writer thread has died. After 3 or 4 start the",
            "server again: nothing acknowledged is lost."
        })
public final class Main extends Commands implements Callable<Integer> {

    private static final int CAN_NOT_START = 1;
    private static final int WRITER_DIED = 4;

    /** How long requests in flight and the other writer may take after one writer has died. */
    private static final int LAST_WORK_SECONDS = 10;

    private static final Path STANDARD_OUTPUT = Path.of("/proc/self/fd/1"); // on Linux

    record Options(Place place, Settings server) {

        static Options defaults() {
            return new Options(Place.defaults(), Settings.defaults());
        }
    }

    public static void main(String[] args) {
        try {
            Home.requireUsableWorkingFolder(); // first: in an unusable one, Java 17 fails to load its own classes
        } catch (StartupException e) {
            System.err.println("countersign: " + e.getMessage());
            System.exit(CAN_NOT_START);
        }
        CommandLine command = commandLine();
        int exitCode = command.execute(args);
        if (exitCode == WRITER_DIED) { // ends the process even if the regular end hangs, for example on a dead disk
            CompletableFuture.delayedExecutor(LAST_WORK_SECONDS, TimeUnit.SECONDS)
                    .execute(() -> Runtime.getRuntime().halt(WRITER_DIED));
        }
        if (exitCode == CommandLine.ExitCode.OK && isOutputLost(command)) {
            exitCode = CAN_NOT_START;
        }
        if (exitCode != CommandLine.ExitCode.OK) {
            System.exit(exitCode);
        }
    }

    /**
     * Says so if output is lost, for example on a full disk. A pipe or socket, which fails only if its reader has left early, as
     * {@code head} does, is no failure; nor is anything where this can't be told.
     */
    private static boolean isOutputLost(CommandLine command) {
        command.getOut().flush(); // by itself it flushes whole lines only
        if (!System.out.checkError() || !isFileOrDevice(STANDARD_OUTPUT)) {
            return false;
        }
        command.getErr().println("countersign: can't write all of the output");
        return true;
    }

    private static boolean isFileOrDevice(Path link) {
        try {
            return Files.readSymbolicLink(link).isAbsolute(); // others are like pipe:[123]
        } catch (IOException e) {
            return false;
        }
    }

    static CommandLine commandLine() {
        return SettingsReader.command(new Main(), Options.defaults())
                .setParameterExceptionHandler((failure, arguments) -> {
                    // without the help, which would scroll the reason off the screen
                    failure.getCommandLine()
                            .getErr()
                            .println("countersign: " + failure.getMessage() + " (--help shows all options)");
                    return CommandLine.ExitCode.USAGE;
                })
                .setExecutionExceptionHandler((failure, command, parsed) -> {
                    if (failure instanceof StartupException) {
                        ServerLog.close(); // so that its lines come before the reason
                        command.getErr().println("countersign: " + failure.getMessage());
                        return CAN_NOT_START;
                    }
                    if (failure instanceof IOException || failure instanceof InvalidPathException) {
                        command.getErr().println("countersign: " + Home.reason(failure));
                        return CAN_NOT_START;
                    }
                    throw failure;
                });
    }

    @Override
    public Integer call() throws ExecutionException {
        Options options = options();
        Home home = Home.open(options.place.home());
        ServerLog.writeTo(home.serverLog(), OutOfMemoryGuard.install(home.serverLog()));
        Logger log = LoggerFactory.getLogger(Main.class);
        CountersignServer server = CountersignServer.start(home, options.server);
        CompletableFuture<Integer> exitCode = new CompletableFuture<>();
        server.store().writerDeath().thenRun(() -> exitCode.complete(WRITER_DIED));
        Thread atStop = new Thread(() -> {
            try {
                server.close();
                log.info("stopped");
            } finally {
                ServerLog.close();
                exitCode.complete(CommandLine.ExitCode.OK); // in fact the signal's: the process is ending
            }
        });
        try {
            Runtime.getRuntime().addShutdownHook(atStop);
        } catch (IllegalStateException e) { // it was stopped while it started
            atStop.run();
            return CommandLine.ExitCode.OK; // in fact the signal's
        }
        Object promise = server.store().facts().get("promise");
        log.info("started at {}: {}, {}", server.addresses(), spec.version()[0], promise);
        notifySystemd(log);
        // on a thread of its own: where nobody reads this output, printing may wait for ever
        OutOfMemoryGuard.daemon("greeting", () -> greet(server)).start();
        try {
            return exitCode.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // a program that runs the server in its own JVM wants this to return
            return CommandLine.ExitCode.OK;
        }
    }

    /** Tells systemd that the ports answer, for a unit with {@code Type=notify} and {@code NotifyAccess=all}. */
    private static void notifySystemd(Logger log) {
        if (System.getenv("NOTIFY_SOCKET") != null) {
            try {
                new ProcessBuilder("systemd-notify", "--ready").inheritIO().start();
            } catch (IOException e) {
                log.warn("can't tell systemd that the server has started: {}", e.getMessage());
            }
        }
    }

    private Options options() {
        Options options = settings().read(Options.defaults());
        int port = options.server.http().registerPort();
        if (port == options.server.http().messagePort() && port != 0) {
            throw new ParameterException(spec.commandLine(), "--register-port and --message-port are both " + port);
        }
        return options;
    }

    private void greet(CountersignServer server) {
        System.out.println(spec.version()[0]);
        server.addresses().forEach(Main::greet);
        server.store().facts().forEach(Main::greet);
        greet("stop", "Ctrl-C");
        System.out.flush();
    }

    private static void greet(String what, Object value) {
        System.out.printf(Locale.ROOT, "  %-9s %s%n", what, value);
    }
}
