package dev.countersign.web;

import dev.countersign.core.DatabaseSettings;
import dev.countersign.core.Home;
import dev.countersign.core.StartupException;
import dev.countersign.core.store.Store;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Copies messages and registrations, also while the server runs. */
@Command(
        name = "backup",
        mixinStandardHelpOptions = true,
        description = "Copies messages and registrations to a folder, which a server can use as its home. Works"
                + " while the server runs: the copy has everything acknowledged when the command began.")
final class BackupCommand implements Callable<Integer> {

    @Spec
    private CommandSpec spec;

    @ParentCommand
    private Main main;

    @Parameters(paramLabel = "FOLDER", description = "A new or empty folder.")
    private Path folder;

    @Override
    public Integer call() throws IOException {
        Path home = main.homeToRead();
        if (Files.exists(folder)) {
            try (Stream<Path> files = Files.list(folder)) {
                if (files.findAny().isPresent()) {
                    throw new StartupException("the folder " + folder + " is not empty. Choose a new one.");
                }
            }
        }
        try (Home copy = Home.open(folder)) {
            try {
                DatabaseSettings database = main.settings().read(DatabaseSettings.defaults());
                spec.commandLine().getOut().println(Store.backUp(home, database, main.topic(), copy));
            } catch (IOException | RuntimeException e) {
                empty(folder); // a part of a home is no backup, and the next try needs an empty folder
                throw e;
            }
        }
        return 0;
    }

    private static void empty(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path each : files.skip(1).sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(each);
            }
        }
    }
}
