package dev.countersign.web;

import dev.countersign.core.store.Store;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Checks the log's files, also while the server writes them. */
@Command(
        name = "verify",
        mixinStandardHelpOptions = true,
        description = "Checks every file of the log and says what is in it. Exit code 1 if something is wrong.")
final class VerifyCommand implements Callable<Integer> {

    private static final int BAR_CHARACTERS = 40;
    private static final String ERASE_LINE = "\r\u001b[K";

    @Spec
    private CommandSpec spec;

    @ParentCommand
    private Main main;

    @Parameters(paramLabel = "FILE", description = "Check these files instead, compressed by gzip or not.")
    private List<Path> files = List.of();

    private long percentShown = -1;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = spec.commandLine().getOut();
        Consumer<String> report = line -> {
            show("");
            out.println(line);
        };
        boolean isWell = files.isEmpty()
                ? Store.verify(main::homeToRead, main.topic(), report, this::showProgress)
                : Store.verify(LogCommand.existing(files), report, this::showProgress);
        return isWell ? 0 : 1;
    }

    private void showProgress(long bytesRead, long bytes) {
        long percent = Math.min(100, 100 * bytesRead / Math.max(1, bytes));
        if (percent > percentShown) {
            percentShown = percent;
            int full = (int) (percent * BAR_CHARACTERS / 100);
            show("[" + "=".repeat(full) + " ".repeat(BAR_CHARACTERS - full) + "] " + percent + " %");
        }
    }

    private void show(String bar) {
        if (Ansi.AUTO.enabled()) { // a terminal
            System.err.print(ERASE_LINE + bar);
            System.err.flush();
        }
    }
}
