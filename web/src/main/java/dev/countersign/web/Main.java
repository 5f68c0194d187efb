package dev.countersign.web;

import dev.countersign.core.Home;
import dev.countersign.core.StartupException;
import dev.countersign.core.StoreSettings;
import dev.countersign.core.Sync;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Locale;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The server's command line: settings, store, server, where it listens, and the exit code at its end. */
@Command(
        name = "countersign-server",
        description = "Gives codes on one port and logs messages on another, on disk before it says so.",
        mixinStandardHelpOptions = true,
        versionProvider = Main.Version.class,
        showDefaultValues = false,
        footer = {
            "",
            "Each setting is taken from its option, else from the system property (-Dregister.port=9000), else from",
            "the environment (COUNTERSIGN_REGISTER_PORT=9000), else it has its default.",
            "Exit codes: 143 stopped by SIGTERM, 130 by Ctrl-C, 1 can't start, 2 bad usage, 3 out of memory,",
            "4 a thread that writes has died; after 3 and 4 start it again: nothing acknowledged is lost."
        })
public final class Main implements Callable<Integer> {

    private static final int CAN_NOT_START = 1;
    private static final int WRITER_DIED = 4;

    /** For requests in flight and the other writer, once one has died. */
    private static final Duration LAST_WORK = Duration.ofSeconds(10);

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--home",
            paramLabel = "FOLDER",
            defaultValue = ".",
            description = "Holds data/ and logs/, one server at a time. Default: the current folder.")
    private String home;

    @Option(
            names = "--host",
            paramLabel = "ADDRESS",
            defaultValue = "",
            description = "Address to listen on. Default: all of this machine's.")
    private String host;

    @Option(
            names = "--register-port",
            paramLabel = "PORT",
            defaultValue = "8000",
            description = "Gives codes; 0 takes any that is free. Default: 8000.")
    private int registerPort;

    @Option(
            names = "--message-port",
            paramLabel = "PORT",
            defaultValue = "8001",
            description = "Takes messages; 0 takes any that is free. Default: 8001.")
    private int messagePort;

    @Option(
            names = "--sync",
            paramLabel = "always|os",
            defaultValue = "always",
            description =
                    "Flush to disk before each answer, or when the operating system sees fit: then a loss of power"
                            + " loses the last seconds. Default: always.")
    private Sync sync;

    @Option(
            names = "--queue-size",
            paramLabel = "COUNT",
            defaultValue = "4096",
            description = "Registrations, and messages, that may wait for the disk; more get a 503. Default: 4096.")
    private int queueSize;

    @Option(
            names = "--queue-memory",
            paramLabel = "BYTES",
            defaultValue = "0",
            description =
                    "Heap for the messages that wait for the disk; more get a 503. Default: an eighth of the heap.")
    private long queueMemoryBytes;

    @Option(
            names = "--remembered-keys",
            paramLabel = "COUNT",
            defaultValue = "800000",
            description = "Requests with an Idempotency-Key that are remembered, 8 of each client, in an eighth of the"
                    + " heap at most. Default: 800000.")
    private int rememberedKeys;

    @Option(
            names = "--max-body",
            paramLabel = "BYTES",
            defaultValue = "65536",
            description = "A larger request body gets a 413; 1048576 at most. Default: 65536.")
    private int maxBodyBytes;

    @Option(
            names = "--body-memory",
            paramLabel = "BYTES",
            defaultValue = "0",
            description = "Heap for bodies that arrive after their headers; requests beyond it get a 503."
                    + " Default: an eighth of the heap.")
    private long bodyMemoryBytes;

    @Option(
            names = "--max-connections",
            paramLabel = "COUNT",
            defaultValue = "0",
            description = "Open connections on both ports together, 7/8 of them at most on one; beyond them the longest"
                    + " idle are closed, or new ones get a 503. Default: what files and half of the heap allow.")
    private int maxConnections;

    @Option(
            names = "--header-timeout",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "For a request's headers to arrive after its first byte. Default: 30.")
    private int headerTimeoutSeconds;

    @Option(
            names = "--body-timeout",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "For a request's body to arrive after its headers. Default: 30.")
    private int bodyTimeoutSeconds;

    @Option(
            names = "--idle-timeout",
            paramLabel = "SECONDS",
            defaultValue = "30",
            description = "A connection on which nothing moves for so long is closed. Default: 30.")
    private int idleTimeoutSeconds;

    public static void main(String[] args) {
        int exitCode = commandLine().execute(args);
        if (exitCode == WRITER_DIED) {
            startDaemon("end", Main::endAfterLastWork);
        }
        if (exitCode != CommandLine.ExitCode.OK) {
            System.exit(exitCode);
        }
    }

    static CommandLine commandLine() {
        return new CommandLine(new Main())
                .setCaseInsensitiveEnumValuesAllowed(true)
                .setDefaultValueProvider(new OutsideDefaults(System::getProperty, System::getenv))
                .setParameterExceptionHandler((failure, arguments) -> {
                    // not the whole help, which would scroll the reason away
                    failure.getCommandLine()
                            .getErr()
                            .println("countersign: " + failure.getMessage() + " (--help shows all options)");
                    return CommandLine.ExitCode.USAGE;
                })
                .setExecutionExceptionHandler((failure, command, parsed) -> {
                    if (failure instanceof StartupException) {
                        command.getErr().println("countersign: " + failure.getMessage());
                        return CAN_NOT_START;
                    }
                    throw failure;
                });
    }

    @Override
    public Integer call() {
        Home.requireUsableWorkingFolder();
        Settings settings = settings();
        Home opened = Home.open(home);
        ServerLog.writeTo(opened.serverLog(), OutOfMemoryGuard.install(opened.serverLog()));
        Logger log = LoggerFactory.getLogger(Main.class);
        CountersignServer server = start(opened, settings);
        CompletableFuture<Integer> exitCode = new CompletableFuture<>();
        server.writerDeath().thenRun(() -> exitCode.complete(WRITER_DIED));
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                server.close();
                log.info("stopped");
            } finally {
                ServerLog.close();
                exitCode.complete(CommandLine.ExitCode.OK); // the signal's own, in fact: this process is ending already
            }
        }));
        log.info("started, ports {} and {}, sync {}", server.registerPort(), server.messagePort(), sync);
        // on a thread of its own: where nobody reads this output, printing may wait for ever
        startDaemon("greeting", () -> greet(server, opened));
        return awaitUninterrupted(exitCode);
    }

    private static CountersignServer start(Home home, Settings settings) {
        try {
            return CountersignServer.start(home, settings);
        } catch (RuntimeException e) {
            ServerLog.close(); // what it says already comes before the reason
            throw e;
        }
    }

    private Settings settings() {
        requireRange("--register-port", registerPort, 0, 65_535);
        requireRange("--message-port", messagePort, 0, 65_535);
        requireRange("--queue-size", queueSize, 1, 1_000_000);
        requireRange("--remembered-keys", rememberedKeys, 8, 100_000_000);
        requireRange("--max-body", maxBodyBytes, 128, 1024 * 1024);
        requireRange("--max-connections", maxConnections, 0, 1_000_000);
        requireRange("--header-timeout", headerTimeoutSeconds, 1, 86_400);
        requireRange("--body-timeout", bodyTimeoutSeconds, 1, 86_400);
        requireRange("--idle-timeout", idleTimeoutSeconds, 1, 86_400);
        if (registerPort == messagePort && registerPort != 0) {
            throw new ParameterException(
                    spec.commandLine(), "--register-port and --message-port are both " + registerPort);
        }
        Limits limits = new Limits(
                maxBodyBytes,
                bodyMemoryBytes == 0 ? StoreSettings.shareOfHeap() : bodyMemoryBytes,
                maxConnections == 0 ? Connections.defaultLimit() : maxConnections,
                Duration.ofSeconds(headerTimeoutSeconds),
                Duration.ofSeconds(bodyTimeoutSeconds),
                Duration.ofSeconds(idleTimeoutSeconds));
        StoreSettings store = new StoreSettings(
                sync,
                queueSize,
                queueMemoryBytes == 0 ? StoreSettings.shareOfHeap() : queueMemoryBytes,
                rememberedKeys);
        return new Settings(new HttpSettings(host(), registerPort, messagePort, limits), store);
    }

    /** Without the brackets that an IPv6 address has in a URL. */
    private String host() {
        return host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
    }

    private void requireRange(String option, int value, int least, int most) {
        if (value < least || value > most) {
            throw new ParameterException(
                    spec.commandLine(), option + " must be " + least + " to " + most + ", not " + value);
        }
    }

    private void greet(CountersignServer server, Home opened) {
        String address = host();
        String shownHost = address.isEmpty() ? "localhost" : address.contains(":") ? "[" + address + "]" : address;
        System.out.printf(
                Locale.ROOT, // a port in Arabic digits is none to a program
                """
                Countersign %s
                  register  http://%s:%d/register
                  message   http://%s:%d/message
                  messages  %s
                  database  %s
                  promise   %s
                  stop      Ctrl-C
                """,
                Version.number(),
                shownHost,
                server.registerPort(),
                shownHost,
                server.messagePort(),
                opened.messageLog(),
                opened.database(),
                sync == Sync.ALWAYS
                        ? "201 means on disk"
                        : "201 means handed to the operating system (--sync=os): a loss of power loses the last seconds");
        System.out.flush();
    }

    private static int awaitUninterrupted(CompletableFuture<Integer> exitCode) {
        try {
            return exitCode.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // whoever runs this within its own program wants it to return
            return CommandLine.ExitCode.OK;
        } catch (ExecutionException e) {
            throw new IllegalStateException(e); // nobody completes it so
        }
    }

    /** Ends the process also where the orderly end hangs, on a dead disk for example. */
    private static void endAfterLastWork() {
        try {
            Thread.sleep(LAST_WORK.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        Runtime.getRuntime().halt(WRITER_DIED);
    }

    private static void startDaemon(String name, Runnable task) {
        Thread thread = new Thread(task, name);
        thread.setDaemon(true);
        thread.start();
    }

    static final class Version implements CommandLine.IVersionProvider {

        @Override
        public String[] getVersion() {
            return new String[] {"Countersign " + number()};
        }

        static String number() {
            try (InputStream in = Main.class.getResourceAsStream("version.properties")) {
                Properties properties = new Properties();
                properties.load(in);
                return properties.getProperty("version");
            } catch (IOException e) {
                throw new UncheckedIOException("version.properties can't be read", e);
            }
        }
    }
}
