package dev.countersign.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.util.function.IntPredicate;
import java.util.function.UnaryOperator;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** The command line: {@code --help} says what it takes. */
public final class Main {

    private static final String SLF4J_REPORTS = "slf4j.internal.verbosity";

    private Main() {}

    public static void main(String[] arguments) {
        if (System.getProperty(SLF4J_REPORTS) == null) {
            System.setProperty(SLF4J_REPORTS, "ERROR"); // or it would warn that HttpClient's log goes nowhere
        }
        int exitCode = commandLine(
                        System.in, System.out, System.err, System::getProperty, System::getenv, Main::isTerminal)
                .execute(arguments);
        if (exitCode != 0) {
            System.exit(exitCode); // at 0 it ends by itself: under exec:java this would take Maven down, too
        }
    }

    /** The command with everything around it that is the platform's. */
    static CommandLine commandLine(
            InputStream in,
            OutputStream out,
            OutputStream err,
            UnaryOperator<String> properties,
            UnaryOperator<String> environment,
            IntPredicate terminal) {
        return new CommandLine(new SendCommand(in, properties.apply("sun.jnu.encoding"), terminal))
                .setDefaultValueProvider(new OutsideDefaults(properties, environment))
                .setExpandAtFiles(false) // a message may begin with @
                .setOut(new PrintWriter(out, true, UTF_8))
                .setErr(new PrintWriter(err, true, UTF_8))
                .setParameterExceptionHandler(Main::explain);
    }

    /** Java itself can't tell; where there is no such program there is no terminal. */
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
