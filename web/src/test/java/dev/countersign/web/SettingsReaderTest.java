package dev.countersign.web;

import static java.util.stream.Collectors.joining;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.DatabaseSettings;
import dev.countersign.core.Sync;
import dev.countersign.web.SettingsReader.Declared;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

/** Each setting is declared once; where its value comes from, and what is said of a wrong one. */
final class SettingsReaderTest {

    @TempDir
    private Path folder;

    private final Map<String, String> properties = new HashMap<>();
    private final Map<String, String> environment = new HashMap<>();

    private Main.Options read(String... arguments) {
        CommandLine commandLine = Main.commandLine();
        commandLine.parseArgs(arguments);
        return new SettingsReader(commandLine.getCommandSpec(), properties::get, environment::get)
                .read(Main.Options.defaults());
    }

    private String config(String... lines) throws IOException {
        return Files.write(folder.resolve("server.conf"), List.of(lines)).toString();
    }

    private String refusal(String... arguments) {
        return assertThrows(ParameterException.class, () -> read(arguments)).getMessage();
    }

    @Test
    void theTableInTheDocsHasEverySettingAsItIsDeclared() throws IOException {
        String table = "| option | property | values | default | |\n|---|---|---|---|---|\n"
                + SettingsReader.declared(Main.Options.defaults()).stream()
                        .filter(each -> !each.setting().isSecret())
                        .map(SettingsReaderTest::row)
                        .collect(joining());

        assertTrue(Files.readString(Path.of("..", "docs", "run.md")).contains("\n" + table + "\n"), table);
    }

    private static String row(Declared each) {
        String name = each.setting().name();
        String label = each.setting().label().replace("|", "\\|");
        String values = each.values().endsWith(each.setting().label()) ? label : label + ", " + each.values();
        return "| `--" + name + "` | `" + name.replace('-', '.') + "` | " + values + " | " + each.defaultText() + " | "
                + each.setting().help() + " |\n";
    }

    @Test
    void theHelpHasEverySettingAsItIsDeclared() {
        String help = Main.commandLine().getUsageMessage().replaceAll("\\s+", " ");

        for (Declared each : SettingsReader.declared(Main.Options.defaults())) {
            String label = "=" + each.setting().label();
            assertTrue(
                    each.setting().isSecret()
                            || help.contains("--" + each.setting().name()
                                    + (each.byDefault() instanceof Boolean ? "[" + label + "]" : label) + " "
                                    + each.setting().help() + " Default: " + each.defaultText() + "."),
                    () -> each.setting().name() + " is missing in " + help);
        }
    }

    @Test
    void whatNobodySetsHasItsDefault() {
        assertEquals(Main.Options.defaults(), read());
    }

    @Test
    void anOptionGoesBeforeAPropertyBeforeTheEnvironmentBeforeTheFile() throws IOException {
        String file = config("queue-size=1", "max-body=1001", "sync=os", "body-timeout=1", "idle-timeout=1");
        environment.putAll(Map.of(
                "COUNTERSIGN_CONFIG", file,
                "COUNTERSIGN_QUEUE_SIZE", "2",
                "COUNTERSIGN_MAX_BODY", "1002",
                "COUNTERSIGN_IDLE_TIMEOUT", "2"));
        properties.putAll(Map.of("queue.size", "3", "max.body", "1003"));

        Settings read = read("--queue-size=4").server();

        assertEquals(4, read.store().queueSize());
        assertEquals(1003, read.http().limits().maxBodyBytes());
        assertEquals(Duration.ofSeconds(2), read.http().limits().idleTimeout());
        assertEquals(Duration.ofSeconds(1), read.http().limits().bodyTimeout());
        assertEquals(Sync.OS, read.store().sync());
    }

    @Test
    void aFileHasCommentsAndEmptyLinesAndValuesAsTheyAre() throws IOException {
        String file = config("# of the first server", "", "  home = C:\\a=${b} ü # c ", "host=");

        Main.Options read = read("--config=" + file);

        assertEquals("C:\\a=${b} ü # c", read.place().home());
        assertEquals("", read.server().http().host());
    }

    @ParameterizedTest
    @ValueSource(strings = {"queue-sise=1", "queue.size=1", "queue-size", "config=another.conf", "help=true", "=1"})
    void aFilesLineThatSetsNothingIsRefusedWithFileAndName(String line) throws IOException {
        String file = config("host=localhost", line);

        String refusal = refusal("--config=" + file);

        assertTrue(refusal.contains(file) && refusal.contains('"' + line.split("=")[0] + '"'), refusal);
    }

    @Test
    void whatIsOnOrOffIsOnWhereItIsNamedWithoutAValue() throws IOException {
        String file = config("compress-rolled=true");

        assertTrue(read("--compress-rolled", "--queue-size=4")
                .server()
                .store()
                .log()
                .compressesRolled());
        assertTrue(read("--config=" + file).server().store().log().compressesRolled());
        assertFalse(read("--config=" + file, "--compress-rolled=false")
                .server()
                .store()
                .log()
                .compressesRolled());
    }

    @Test
    void aFileThatSetsOneThingTwiceIsRefused() throws IOException {
        assertTrue(refusal("--config=" + config("host=a", "host=b")).contains("host twice"));
    }

    @Test
    void aFileThatCanNotBeReadIsRefusedWithTheReason() throws IOException {
        String missing = folder.resolve("missing").toString();
        Path noText = Files.write(folder.resolve("latin1"), new byte[] {(byte) 0xe9, '\n'});

        assertTrue(refusal("--config=" + missing).contains("can't read " + missing + ": no such file"));
        assertTrue(refusal("--config=" + noText).contains("can't read " + noText + ": MalformedInputException"));
    }

    @Test
    void whatIsSecretComesFromTheEnvironmentOrTheFileAndFromNoCommandLine() throws IOException {
        environment.put("COUNTERSIGN_DATABASE_USER", "alice");
        String file = config("database-password=s3cret");

        DatabaseSettings read = read("--config=" + file).server().store().database();

        assertEquals("alice", read.user());
        assertEquals("s3cret", read.password());
        assertFalse(read("--config=" + file).toString().matches("(?s).*(alice|s3cret).*"));
        properties.put("database.password", "s3cret");
        for (String refusal : List.of(refusal("--database-user=s3cret"), refusal())) {
            assertTrue(refusal.contains("can't be given on a command line"), refusal);
            assertFalse(refusal.contains("s3cret"), refusal);
        }
        assertFalse(Main.commandLine().getUsageMessage().contains("--database-"));
    }

    @ParameterizedTest
    @CsvSource({
        "queue-size,     0,             1 to 1000000",
        "queue-size,     1000001,       1 to 1000000",
        "queue-memory,   -1,            1 to 1000000000000",
        "queue-size,     99999999999999999999, 1 to 1000000",
        "body-memory,    a lot,         1 to 1000000000000",
        "remembered-keys, 7,            8 to 100000000",
        "max-body,       1048577,       128 to 1048576",
        "max-connections, 15,           16 to 1000000",
        "header-timeout, 86401,         1 to 86400",
        "register-port,  tcp://x:8000,  0 to 65535",
        "compress-rolled, yes,          true|false",
        "sync,           never,         always|os",
    })
    void aValueOutOfRangeIsRefusedWithOptionRangeAndWhereItStood(String name, String value, String range)
            throws IOException {
        String reason = "--" + name + " must be " + range + ", not " + value;
        assertEquals(reason, refusal("--" + name + "=" + value));
        assertEquals(reason + " (in the file of --config)", refusal("--config=" + config(name + "=" + value)));
        properties.put(name.replace('-', '.'), value);
        assertEquals(reason + " (-D" + name.replace('-', '.') + ")", refusal());
    }

    /** As Kubernetes sets it for a service named countersign-register. */
    @Test
    void onlyAUrlInTheEnvironmentLeavesThePortsDefault() {
        environment.put("COUNTERSIGN_REGISTER_PORT", "tcp://10.0.0.1:9000");
        environment.put("COUNTERSIGN_MESSAGE_PORT", "9000");

        HttpSettings read = read().server().http();

        assertEquals(8000, read.registerPort());
        assertEquals(9000, read.messagePort());
    }
}
