package dev.countersign.web;

import dev.countersign.core.DatabaseSettings;
import dev.countersign.core.Home;
import dev.countersign.core.Setting;
import dev.countersign.core.StartupException;
import dev.countersign.core.TopicSettings;
import dev.countersign.core.store.Store;
import dev.countersign.web.operator.OperatorClient;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Consumer;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/**
 * The subcommands of {@link Main}, except {@link LogCommand}. Two of them read the files of a home; the others talk to
 * its running server through the socket in it.
 */
@Command
abstract class Commands {

    private static final List<String> MEMBERS =
            List.of("id", "state", "registered", "lastRequest", "accepted", "refused");
    private static final String COLUMNS = "%-32s  %-10s  %-27s  %-27s  %8s  %8s%n";

    @Spec
    CommandSpec spec;

    private long percentShown = -1;

    /** The settings that all commands use. */
    record Place(
            @Setting(
                    name = "home",
                    label = "FOLDER",
                    byDefault = "the current folder",
                    help = "Contains data/ and logs/; for one server at a time.")
            String home,

            @Setting(
                    name = "config",
                    label = "FILE",
                    byDefault = "none",
                    help = "Settings, one NAME=VALUE a line; NAME is the option without its leading dashes; # begins a"
                            + " comment.")
            String config) {

        static Place defaults() {
            return new Place(".", "");
        }
    }

    @Command(
            name = "verify",
            mixinStandardHelpOptions = true,
            description = "Checks every file of the log and says what is in it. Exit code 1 if something is wrong.")
    int verify(
            @Parameters(paramLabel = "FILE", description = "Check these files instead, compressed by gzip or not.")
                    List<Path> files)
            throws IOException {
        Consumer<String> report = line -> {
            show("");
            out().println(line);
        };
        boolean isWell = files == null // so picocli says that there are none
                ? Store.verify(this::homeToRead, topic(), report, this::showProgress)
                : Store.verify(existing(files), report, this::showProgress);
        return isWell ? 0 : 1;
    }

    static List<Path> existing(List<Path> files) {
        for (Path each : files) {
            if (!Files.isReadable(each)) {
                throw new StartupException("there is no file " + each + ", or this user can't read it");
            }
        }
        return files;
    }

    private void showProgress(long bytesRead, long bytes) {
        long percent = Math.min(100, 100 * bytesRead / Math.max(1, bytes));
        if (percent > percentShown) {
            percentShown = percent;
            show(percent + " % checked");
        }
    }

    private static void show(String progress) {
        if (Ansi.AUTO.enabled()) { // a terminal
            System.err.print("\r\u001b[K" + progress); // in place of the former
            System.err.flush();
        }
    }

    @Command(
            name = "backup",
            mixinStandardHelpOptions = true,
            description = "Copies messages and registrations to a folder, which a server can use as its home. Works"
                    + " while the server runs: the copy has everything acknowledged when the command began.")
    void backup(@Parameters(paramLabel = "FOLDER", description = "A new or empty folder.") Path folder)
            throws IOException {
        Path home = homeToRead();
        if (Files.exists(folder) && !content(folder, 1).isEmpty()) {
            throw new StartupException("the folder " + folder + " is not empty. Choose a new one.");
        }
        try (Home copy = Home.open(folder)) {
            try {
                DatabaseSettings database = settings().read(DatabaseSettings.defaults());
                out().println(Store.backUp(home, database, topic(), copy));
            } catch (IOException | RuntimeException e) {
                // a part of a home is no backup, and the next try needs an empty folder
                for (Path each : content(folder, Integer.MAX_VALUE)) {
                    Files.deleteIfExists(each);
                }
                throw e;
            }
        }
    }

    /** All files and folders in a folder, down to a depth; each folder comes after its content. */
    private static List<Path> content(Path folder, int depth) throws IOException {
        try (Stream<Path> files = Files.walk(folder, depth)) {
            return files.skip(1).sorted(Comparator.reverseOrder()).toList();
        }
    }

    @Command(name = "status", mixinStandardHelpOptions = true, description = "Prints the state of the running server.")
    void status(@Option(names = "--json", description = "Print JSON.") boolean json) throws IOException {
        String body = ask("GET", "/status");
        if (json) {
            out().print(body);
        } else {
            OperatorClient.members(body).forEach((name, value) -> out().printf(Locale.ROOT, "%-24s %s%n", name, value));
        }
    }

    @Command(
            name = "ids",
            mixinStandardHelpOptions = true,
            description = "Prints all ids: state, time of registration, last request, accepted and refused requests."
                    + " The server counts requests in memory: since its start, the id's last new code, or since other"
                    + " ids took the id's place.")
    void ids(@Option(names = "--json", description = "Print a JSON object a line.") boolean json) throws IOException {
        String after = "";
        String page = ids(after);
        if (!json) {
            out().printf(COLUMNS, "ID", "STATE", "REGISTERED", "LAST REQUEST", "ACCEPTED", "REFUSED");
        }
        for (; !page.isEmpty(); page = ids(after)) {
            for (String line : page.lines().toList()) {
                Map<String, String> id = OperatorClient.members(line);
                after = id.get("id");
                if (json) {
                    out().println(line);
                } else {
                    Stream<String> columns = MEMBERS.stream().map(member -> id.getOrDefault(member, "-"));
                    out().printf(COLUMNS, columns.toArray());
                }
            }
        }
    }

    private String ids(String after) throws IOException {
        return ask("GET", "/ids?after=" + after);
    }

    @Command(
            name = "revoke",
            mixinStandardHelpOptions = true,
            description = "Ends the code of an id, at once and for good. Nobody can register the id again.")
    void revoke(@Parameters(paramLabel = "ID") String id) throws IOException {
        tell("revoke", "id", id);
        out().println("revoked " + id);
    }

    @Command(
            name = "rotate",
            mixinStandardHelpOptions = true,
            description = "Gives an id a new code and prints it. The old code ends at once.")
    void rotate(@Parameters(paramLabel = "ID") String id) throws IOException {
        out().println(tell("rotate", "id", id).get("code"));
    }

    @Command(name = "register", mixinStandardHelpOptions = true, description = "Registers an id and prints its code.")
    void register(@Parameters(paramLabel = "ID") String id) throws IOException {
        out().println(tell("register", "id", id).get("code"));
    }

    @Command(
            name = "erase",
            mixinStandardHelpOptions = true,
            description = "Removes all texts that an id has sent from every file of the log, for good. Receipts and"
                    + " times stay. The id can go on sending. Backups stay as they are.")
    void erase(@Parameters(paramLabel = "ID") String id) throws IOException {
        Map<String, String> erased = tell("erase", "id", id);
        out().println("erased " + erased.get("messages") + " messages of " + id);
        if (!erased.get("left").isEmpty()) {
            throw new StartupException("messages of " + id + " may be left in: " + erased.get("left"));
        }
    }

    @Command(
            name = "log-level",
            mixinStandardHelpOptions = true,
            description = "Sets the level of the running server's log: error, warn, info, debug or trace.")
    void logLevel(@Parameters(paramLabel = "LEVEL") String level) throws IOException {
        tell("log-level", "level", level);
    }

    private Map<String, String> tell(String command, String name, String value) throws IOException {
        String target = "/" + command + "?" + name + "=" + URLEncoder.encode(value, StandardCharsets.UTF_8);
        return OperatorClient.members(ask("POST", target));
    }

    private String ask(String method, String target) throws IOException {
        OperatorClient.Answer answer = new OperatorClient(homeToRead()).ask(method, target);
        if (answer.status() >= 400) {
            throw new StartupException(OperatorClient.members(answer.body())
                    .getOrDefault("detail", "the server refused: " + answer.status()));
        }
        return answer.body();
    }

    PrintWriter out() {
        return spec.commandLine().getOut();
    }

    /** The home of a server that may be running. */
    Path homeToRead() {
        Path folder = Path.of(settings().read(Place.defaults()).home);
        if (!Home.isReadable(folder)) {
            throw new StartupException("there is no home of a server in "
                    + folder.toAbsolutePath().normalize() + ", or this user can't read it. Name the home with --home.");
        }
        return folder;
    }

    TopicSettings topic() {
        return settings().read(TopicSettings.defaults());
    }

    SettingsReader settings() {
        return new SettingsReader(spec, System::getProperty, System::getenv);
    }
}
