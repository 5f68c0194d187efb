package dev.countersign.web;

import dev.countersign.core.StartupException;
import dev.countersign.web.operator.JsonText;
import dev.countersign.web.operator.OperatorClient;
import java.io.IOException;
import java.io.PrintWriter;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The subcommands of {@link Main} that talk to the running server, through the socket in its home. */
@Command
abstract class OperatorCommands {

    private static final String COLUMNS = "%-32s  %-10s  %-27s  %-27s  %8s  %8s%n";

    /** The home of a server that may be running. */
    abstract Path homeToRead();

    abstract PrintWriter out();

    @Command(name = "status", mixinStandardHelpOptions = true, description = "Prints the state of the running server.")
    int status(@Option(names = "--json", description = "Print JSON.") boolean json) throws IOException {
        String body = ask("GET", "/status");
        if (json) {
            out().print(body);
        } else {
            JsonText.members(body).forEach((name, value) -> out().printf(Locale.ROOT, "%-24s %s%n", name, value));
        }
        return 0;
    }

    @Command(
            name = "ids",
            mixinStandardHelpOptions = true,
            description = "Prints all ids: state, time of registration, last request, accepted and refused requests."
                    + " The server counts requests in memory: since its start, the id's last new code, or since other"
                    + " ids took the id's place.")
    int ids(@Option(names = "--json", description = "Print a JSON object a line.") boolean json) throws IOException {
        String after = "";
        String page = ids(after);
        if (!json) {
            out().printf(COLUMNS, "ID", "STATE", "REGISTERED", "LAST REQUEST", "ACCEPTED", "REFUSED");
        }
        for (; !page.isEmpty(); page = ids(after)) {
            for (String line : page.lines().toList()) {
                Map<String, String> id = JsonText.members(line);
                after = id.get("id");
                if (json) {
                    out().println(line);
                } else {
                    out().printf(
                                    COLUMNS,
                                    after,
                                    id.get("state"),
                                    id.getOrDefault("registered", "-"),
                                    id.getOrDefault("lastRequest", "-"),
                                    id.getOrDefault("accepted", "-"),
                                    id.getOrDefault("refused", "-"));
                }
            }
        }
        return 0;
    }

    private String ids(String after) throws IOException {
        return ask("GET", "/ids?after=" + after);
    }

    @Command(
            name = "revoke",
            mixinStandardHelpOptions = true,
            description = "Ends the code of an id, at once and for good. Nobody can register the id again.")
    int revoke(@Parameters(paramLabel = "ID") String id) throws IOException {
        ask("POST", "/revoke?id=" + encoded(id));
        out().println("revoked " + id);
        return 0;
    }

    @Command(
            name = "rotate",
            mixinStandardHelpOptions = true,
            description = "Gives an id a new code and prints it. The old code ends at once.")
    int rotate(@Parameters(paramLabel = "ID") String id) throws IOException {
        return printCode("/rotate?id=" + encoded(id));
    }

    @Command(name = "register", mixinStandardHelpOptions = true, description = "Registers an id and prints its code.")
    int register(@Parameters(paramLabel = "ID") String id) throws IOException {
        return printCode("/register?id=" + encoded(id));
    }

    @Command(
            name = "erase",
            mixinStandardHelpOptions = true,
            description = "Removes all texts that an id has sent from every file of the log, for good. Receipts and"
                    + " times stay. The id can go on sending. Backups stay as they are.")
    int erase(@Parameters(paramLabel = "ID") String id) throws IOException {
        Map<String, String> erased = JsonText.members(ask("POST", "/erase?id=" + encoded(id)));
        out().println("erased " + erased.get("messages") + " messages of " + id);
        if (!erased.get("left").isEmpty()) {
            throw new StartupException("messages of " + id + " may be left in: " + erased.get("left"));
        }
        return 0;
    }

    private int printCode(String target) throws IOException {
        out().println(JsonText.members(ask("POST", target)).get("code"));
        return 0;
    }

    @Command(
            name = "log-level",
            mixinStandardHelpOptions = true,
            description = "Sets the level of the running server's log: error, warn, info, debug or trace.")
    int logLevel(@Parameters(paramLabel = "LEVEL") String level) throws IOException {
        ask("POST", "/log-level?level=" + encoded(level));
        return 0;
    }

    private static String encoded(String value) {
        return URLEncoder.encode(value, StandardCharsets.UTF_8);
    }

    private String ask(String method, String target) throws IOException {
        OperatorClient.Answer answer = new OperatorClient(homeToRead()).ask(method, target);
        if (answer.status() >= 400) {
            throw new StartupException(
                    JsonText.members(answer.body()).getOrDefault("detail", "the server refused: " + answer.status()));
        }
        return answer.body();
    }
}
