package dev.countersign.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/** The command line; {@code --help} describes it. */
public final class Main {

    private static final String SLF4J_REPORTS = "slf4j.internal.verbosity";

    private Main() {}

    public static void main(String[] arguments) {
        if (System.getProperty(SLF4J_REPORTS) == null) {
            System.setProperty(SLF4J_REPORTS, "ERROR"); // suppresses SLF4J's warning that there is no logging backend
        }
        int exitCode = commandLine(
                        System.in, System.out, System.err, System::getProperty, System::getenv, Main::isTerminal)
                .execute(arguments);
        if (exitCode != 0) {
            System.exit(exitCode); // only then: under exec:java it would end Maven, too
        }
    }

    /** The command with its environment as parameters; both maps return null for what is not set. */
    static CommandLine commandLine(
            InputStream in,
            OutputStream out,
            OutputStream err,
            UnaryOperator<String> properties,
            UnaryOperator<String> environment,
            IntPredicate terminal) {
        return new CommandLine(new SendCommand(in, properties.apply("sun.jnu.encoding"), terminal))
                .setDefaultValueProvider(argument -> outside(argument, properties, environment))
                .setExpandAtFiles(false) // a message may begin with @
                .setOut(new PrintWriter(out, true, UTF_8))
                .setErr(new PrintWriter(err, true, UTF_8))
                .setParameterExceptionHandler(Main::explain);
    }

    /**
     * The system property or, failing that, the environment variable of an argument's name: {@code --register-port} is
     * {@code register.port} and {@code COUNTERSIGN_REGISTER_PORT}, {@code MSG} is {@code msg}. For a number, a variable
     * that is a URL is ignored: Kubernetes sets {@code COUNTERSIGN_REGISTER_PORT=tcp://10.0.0.1:8000} for a service
     * named {@code countersign-register}. Null if neither is set, as picocli expects.
     */
    private static String outside(
            ArgSpec argument, UnaryOperator<String> properties, UnaryOperator<String> environment) {
        if (argument instanceof OptionSpec option && (option.usageHelp() || option.versionHelp())) {
            return null;
        }
        String name = argument instanceof OptionSpec option
                ? option.longestName().substring("--".length())
                : argument.paramLabel().toLowerCase(Locale.ROOT);
        String variable = "COUNTERSIGN_" + name.replace('-', '_').toUpperCase(Locale.ROOT);
        return Optional.ofNullable(properties.apply(name.replace('-', '.')))
                .or(() -> Optional.ofNullable(environment.apply(variable))
                        .filter(value -> !value.contains("://") || argument.type() != int.class))
                .map(value -> value.replace("$", "$$")) // picocli must not expand ${...} in a message
                .orElse(null);
    }

    /** Runs the program {@code test}, because Java can't tell. Without that program there is no terminal. */
    private static boolean isTerminal(int stream) {
        try {
            return new ProcessBuilder("test", "-t", Integer.toString(stream))
                            .inheritIO()
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private static int explain(ParameterException failure, String[] arguments) {
        CommandLine command = failure.getCommandLine();
        PrintWriter err = command.getErr();
        err.println(failure.getMessage());
        err.print("Usage: " + command.getHelp().synopsis(0));
        err.println("--help lists the options.");
        return command.getCommandSpec().exitCodeOnInvalidInput();
    }
}
