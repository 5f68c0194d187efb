package dev.countersign.client;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeFormatterBuilder;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Registers an id, or reads one from a file, and sends messages. The exit code is the outcome. */
@Command(
        name = "countersign-client",
        customSynopsis = "countersign-client [OPTIONS] MSG... | --stdin",
        description = "Registers with a Countersign server and sends it messages.%n"
                + "A message is logged when its receipt is printed.%n",
        mixinStandardHelpOptions = true,
        resourceBundle = "dev.countersign.client.build",
        version = "Countersign ${bundle:build.version}",
        sortOptions = false,
        footer = {
            "",
            "Options that are not given are taken from the system property",
            "(-Dregister.port=9000, -Dmsg=hi) or else from the environment variable",
            "(COUNTERSIGN_REGISTER_PORT=9000). Input and output are UTF-8."
        },
        exitCodeListHeading = "%nExit codes:%n",
        exitCodeList = {
            "0:everything is logged",
            "1:the server refused",
            "2:nothing to send, a wrong option, or an unusable file",
            "3:the server can't be reached",
            "4:outcome unknown: no answer says whether the request was done",
            "70:a bug in this program"
        },
        exitCodeOnExecutionException = 70)
final class SendCommand implements Callable<Integer> {

    private static final String DEFAULT = " Default: ${DEFAULT-VALUE}";
    private static final Duration STOP_PATIENCE = Duration.ofSeconds(3);

    static final DateTimeFormatter TIME =
            new DateTimeFormatterBuilder().appendInstant(6).toFormatter(); // the same form as in the log
    private static final Pattern CONTROLS = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}]");

    @Spec
    private CommandSpec spec;

    @Parameters(
            paramLabel = "MSG",
            description = "The messages to send. Put -- before a message that begins with a hyphen.")
    private List<String> messages = List.of();

    @Option(names = "--stdin", description = "Send each line of standard input as it comes, after the messages given.")
    private boolean stdin;

    @Option(
            names = "--progress",
            paramLabel = "FILE",
            description =
                    "Record in this file which lines are sent. However a run ends, the same command with the same input"
                            + " continues from there, and each line is logged once. Needs --stdin and --credentials")
    private Optional<Path> progress = Optional.empty();

    @Option(
            names = "--id",
            paramLabel = "ID",
            description = "The id to register: 1 to 64 of A-Z a-z 0-9 . _ -. Default: a random UUID")
    private Optional<String> id = Optional.empty();

    @Option(
            names = "--credentials",
            paramLabel = "FILE",
            description = "Keep id and code in this file. If it exists, send with its id and code.")
    private Optional<Path> credentials = Optional.empty();

    @Option(
            names = "--rotate",
            description = "First get a new code and put it into the file of --credentials. The old code works until the"
                    + " new one is used.")
    private boolean rotate;

    @Option(names = "--show-code", description = "Print the code. Whoever sees it can send as this client.")
    private boolean showCode;

    @Option(names = "--host", paramLabel = "HOST", description = "The server's name or address." + DEFAULT)
    private String host = "localhost";

    @Option(names = "--register-port", paramLabel = "PORT", description = "The port for registrations." + DEFAULT)
    private int registerPort = 8000;

    @Option(names = "--message-port", paramLabel = "PORT", description = "The port for messages." + DEFAULT)
    private int messagePort = 8001;

    @Option(names = "--tls", description = "Use TLS. Java must trust the issuer of the server's certificate.")
    private boolean tls;

    @Option(
            names = "--trust",
            paramLabel = "FILE",
            description =
                    "Use TLS, and trust only the certificates in this PEM file: an authority's, or the server's own.")
    private Optional<Path> trust = Optional.empty();

    @Option(
            names = "--connect-timeout",
            paramLabel = "SECONDS",
            description = "How long to wait for a connection." + DEFAULT)
    private int connectTimeoutSeconds = 5;

    @Option(
            names = "--answer-timeout",
            paramLabel = "SECONDS",
            description = "How long to wait for an answer." + DEFAULT)
    private int answerTimeoutSeconds = 30;

    @Option(
            names = "--retry-for",
            paramLabel = "SECONDS",
            description = "How long to retry after a failure; nothing is logged twice. 0 for no retries." + DEFAULT)
    private int retryForSeconds = 30;

    @Option(
            names = "--max-body",
            paramLabel = "BYTES",
            description = "The server's --max-body: the largest request that the client makes of lines." + DEFAULT)
    private int maxBodyBytes = 65536;

    private final InputStream input;
    private final String argumentEncoding;
    private final IntPredicate terminal;

    private boolean registered; // by this run
    private String position = ""; // of the message in flight, if there are several

    /**
     * @param argumentEncoding the encoding in which Java decoded the arguments, the properties and the environment
     * @param terminal tells whether a file descriptor of this process is a terminal
     */
    SendCommand(InputStream input, String argumentEncoding, IntPredicate terminal) {
        this.input = input;
        this.argumentEncoding = argumentEncoding;
        this.terminal = terminal;
    }

    @Override
    public Integer call() {
        checkMessages();
        try (CountersignClient client = client()) {
            Credentials sender = sender(client);
            print("id: " + sender.id());
            if (showCode) {
                print("code: " + sender.code());
            }
            sendAll(client, sender);
            return 0;
        } catch (CountersignException e) {
            complain(position + e.getMessage());
            return e instanceof RefusedException ? 1 : e instanceof UnreachableException ? 3 : 4;
        }
    }

    private void checkMessages() {
        if (messages.isEmpty() && !stdin && !rotate) {
            throw unusable("nothing to send: give a message (-Dmsg=TEXT under Maven) or --stdin");
        }
        if (rotate && credentials.isEmpty()) {
            throw unusable("--rotate needs --credentials=FILE: it puts the new code into that file");
        }
        if (progress.isPresent() && (!stdin || credentials.isEmpty() || !messages.isEmpty())) {
            throw unusable("--progress needs --stdin and --credentials, and no other messages");
        }
        if (!argumentEncoding.equals("UTF-8") && messages.stream().anyMatch(text -> text.contains("\uFFFD"))) {
            throw unusable("a message was garbled because this locale's encoding is " + argumentEncoding
                    + ": set LC_ALL=C.UTF-8, or use --stdin");
        }
    }

    private CountersignClient client() {
        try {
            CountersignClientBuilder builder = CountersignClient.builder();
            if (tls) {
                builder.tls();
            }
            trust.ifPresent(builder::trust);
            return builder.host(host)
                    .registerPort(registerPort)
                    .messagePort(messagePort)
                    .maxBodyBytes(maxBodyBytes)
                    .connectTimeout(Duration.ofSeconds(connectTimeoutSeconds))
                    .answerTimeout(Duration.ofSeconds(answerTimeoutSeconds))
                    .retryFor(Duration.ofSeconds(retryForSeconds))
                    .waiting(failure ->
                            complain("retrying for up to " + retryForSeconds + " s: " + failure.getMessage()))
                    .build();
        } catch (IllegalArgumentException e) {
            throw unusable(e.getMessage());
        }
    }

    private Credentials sender(CountersignClient client) throws CountersignException {
        String wanted = id.orElseGet(() -> UUID.randomUUID().toString());
        if (credentials.isEmpty()) {
            return register(client, wanted);
        }
        try {
            CredentialsFile file = new CredentialsFile(credentials.get());
            if (rotate) {
                file.rotate(client);
            }
            Credentials kept = file.readOrMake(() -> register(client, wanted));
            if (id.isPresent() && !kept.id().equals(wanted)) {
                throw unusable(credentials.get() + " belongs to " + kept.id() + ", not to " + wanted);
            }
            return kept;
        } catch (IOException e) {
            throw unusable("--credentials: " + e.getMessage());
        }
    }

    private Credentials register(CountersignClient client, String wanted) throws CountersignException {
        Credentials made = client.register(wanted);
        registered = true;
        return made;
    }

    private void sendAll(CountersignClient client, Credentials sender) throws CountersignException {
        try {
            for (int n = 0; n < messages.size(); n++) {
                position = stdin || messages.size() > 1 ? "message " + (n + 1) + " (nothing after it was sent): " : "";
                Receipt receipt = client.send(sender, messages.get(n));
                print("receipt: " + receipt.value() + ", time: " + TIME.format(receipt.time()));
            }
            if (stdin) {
                sendLines(client, sender);
            }
        } catch (CountersignException | RuntimeException e) {
            if (registered) {
                complain("registered: " + sender.id() + "; its code is " + whereTheCodeIs());
            }
            throw e;
        }
    }

    private String whereTheCodeIs() {
        return credentials
                .map(file -> "in " + file)
                .orElse(showCode ? "above" : "lost; --credentials=FILE keeps it, --show-code prints it");
    }

    private void sendLines(CountersignClient client, Credentials sender) throws CountersignException {
        if (progress.isEmpty()) {
            sendLines(client, sender, ProgressFile.Position.START, position -> {});
            return;
        }
        try (ProgressFile file = new ProgressFile(progress.get(), sender.id())) {
            sendLines(client, sender, file.read(), file::write);
        } catch (IOException e) {
            throw unusable("--progress: " + e.getMessage());
        }
    }

    private void sendLines(
            CountersignClient client,
            Credentials sender,
            ProgressFile.Position earlier,
            Consumer<ProgressFile.Position> keeping)
            throws CountersignException {
        LineReport report =
                new LineReport(spec.commandLine().getOut(), spec.commandLine().getErr(), terminal);
        LineSender lines = new LineSender(client, sender, keeping, report);
        Thread atStop = new Thread(() -> stop(lines));
        try {
            Runtime.getRuntime().addShutdownHook(atStop);
        } catch (IllegalStateException e) {
            return; // the process is stopping already
        }
        try {
            lines.send(input, earlier);
        } catch (CountersignException e) {
            position = outcome(lines) + ": ";
            throw e;
        } catch (IOException e) {
            throw unusable("standard input: " + e.getMessage() + ": " + outcome(lines));
        } catch (UncheckedIOException e) {
            throw unusable("--progress: " + e.getMessage() + ": " + outcome(lines));
        } catch (InterruptedException e) {
            throw new IllegalStateException("nobody interrupts this thread", e);
        } finally {
            report.end();
            removeHook(atStop);
        }
    }

    private String outcome(LineSender lines) {
        return lines.outcome() + (progress.isPresent() ? " (the same command continues from there)" : "");
    }

    private void stop(LineSender lines) {
        try {
            lines.stop(STOP_PATIENCE);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        complain("stopped: " + outcome(lines));
    }

    private static void removeHook(Thread hook) {
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (IllegalStateException e) {
            // the hook is running, and prints the outcome
        }
    }

    private void print(String line) {
        spec.commandLine().getOut().println(printable(line));
    }

    private void complain(String line) {
        spec.commandLine().getErr().println(printable(line));
    }

    private ParameterException unusable(String why) {
        return new ParameterException(spec.commandLine(), printable(why));
    }

    /** Replaces control characters, with which a server could control the terminal. */
    static String printable(String text) {
        return CONTROLS.matcher(text).replaceAll("\uFFFD");
    }
}
