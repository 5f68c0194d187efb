package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.countersign.core.Home;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.lang.ProcessBuilder.Redirect;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.DriverManager;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The command line, and what a start says that can't be. */
@Timeout(120)
final class MainTest {

    private static final Path SHELL = Path.of("/bin/sh");
    private static final String[] FREE_PORTS = {"--host=127.0.0.1", "--register-port=0", "--message-port=0"};

    @TempDir
    private Path home;

    /** How a command ended, and what it printed. */
    private record Outcome(int exitCode, String out, String err) {

        /** Of the command line alone: nothing is started. */
        static Outcome ofUsage(String... arguments) {
            StringWriter out = new StringWriter();
            StringWriter err = new StringWriter();
            int exitCode = Main.commandLine()
                    .setOut(new PrintWriter(out, true))
                    .setErr(new PrintWriter(err, true))
                    .execute(arguments);
            return new Outcome(exitCode, out.toString(), err.toString());
        }

        /** Of a start in a JVM of its own that comes to an end. */
        static Outcome of(ProcessBuilder start) throws IOException, InterruptedException {
            File err = File.createTempFile("countersign", ".err");
            try {
                Process process = start.redirectError(err).start();
                ServerProcess.endInTime(process);
                String out = new String(process.getInputStream().readAllBytes());
                return new Outcome(process.waitFor(), out, Files.readString(err.toPath()));
            } finally {
                err.delete();
            }
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--home",
                "--host",
                "--register-port",
                "--message-port",
                "--sync",
                "--queue-size",
                "--max-body",
                "--body-timeout",
                "--idle-timeout",
                "-Dregister.port=",
                "COUNTERSIGN_REGISTER_PORT="
            })
    void helpNamesEverySetting(String setting) {
        Outcome help = Outcome.ofUsage("--help");

        assertEquals(0, help.exitCode);
        assertTrue(help.out.contains(setting), help.out);
    }

    @ParameterizedTest
    @ValueSource(strings = {"143", "130", "1 can't start", "2 wrong", "3 out of memory", "4 a writer thread"})
    void helpNamesEveryExitCode(String code) {
        Outcome help = Outcome.ofUsage("--help");

        assertTrue(help.out.contains(code), help.out);
    }

    @Test
    void versionIsTheProjectsOwn() {
        Outcome version = Outcome.ofUsage("--version");

        assertEquals(0, version.exitCode);
        assertTrue(version.out.matches("Countersign \\d+\\.\\d+\\.\\d+\\R"), version.out);
    }

    @ParameterizedTest
    @CsvSource({
        "--register-port=http,   --register-port",
        "--register-port=65536,  --register-port",
        "--message-port=-1,      --message-port",
        "--message-port=,        --message-port",
        "--message-port=8000,    --message-port",
        "--sync=sometimes,       --sync",
        "--queue-size=0,         --queue-size",
        "--queue-size=1e3,       --queue-size",
        "--max-body=127,         --max-body",
        "--max-body=1048577,     --max-body",
        "--body-timeout=0,       --body-timeout",
        "--idle-timeout=never,   --idle-timeout",
        "--port=8000,            --port=8000",
        "start,                  start",
        "--home,                 --home",
    })
    void aBadValueEndsWithALineThatNamesItsOptionAndCode2(String argument, String named) {
        Outcome refused = Outcome.ofUsage(argument);

        assertEquals(2, refused.exitCode);
        assertEquals(1, refused.err.lines().count(), "the help would scroll the reason away: " + refused.err);
        assertTrue(refused.err.contains(named), refused.err);
        assertTrue(refused.err.contains("--help"), refused.err);
        assertFalse(refused.err.contains("Exception") || refused.err.contains("\tat "), refused.err);
    }

    /** Each value is out of range, so that the refusal says which one was taken. */
    @ParameterizedTest
    @CsvSource({"-1, -2, -3, -1", ", -2, -3, -2", ", , -3, -3"})
    void anOptionGoesBeforeAPropertyBeforeTheEnvironment(
            String option, String property, String environment, String taken) throws Exception {
        List<String> command = ServerProcess.command(at(home));
        if (option != null) {
            command.add("--queue-size=" + option);
        }
        if (property != null) {
            command.add(1, "-Dqueue.size=" + property);
        }
        ProcessBuilder builder = new ProcessBuilder(command);
        builder.environment().put("COUNTERSIGN_QUEUE_SIZE", environment);

        Outcome refused = Outcome.of(builder);

        assertEquals(2, refused.exitCode);
        assertTrue(refused.err.contains("not " + taken), refused.err);
    }

    /** As Kubernetes sets it for services named countersign-register and countersign-message. */
    @ParameterizedTest
    @ValueSource(strings = {"COUNTERSIGN_REGISTER_PORT", "COUNTERSIGN_MESSAGE_PORT"})
    void aUrlInTheEnvironmentIsNoPort(String variable) throws Exception {
        ProcessBuilder builder =
                new ProcessBuilder(ServerProcess.command("--home=" + home, "--queue-size=0")); // so that it ends
        builder.environment().put(variable, "tcp://10.0.0.1:9000");

        Outcome refused = Outcome.of(builder);

        assertTrue(refused.err.contains("--queue-size must be"), refused.err);
    }

    @Test
    void aValueIsTakenLiterally() throws Exception {
        List<String> command = ServerProcess.command(FREE_PORTS);
        command.add(1, "-Dhome=a${user.name}$$");
        ProcessBuilder inHome = new ProcessBuilder(command).directory(home.toFile());
        try (ServerProcess server = ServerProcess.start(inHome)) {
            assertTrue(
                    server.greeting().contains(home.toRealPath() + "/a${user.name}$$/logs/messages.jsonl"),
                    server.greeting());
        }
    }

    @ParameterizedTest
    @CsvSource({"ar, EG, nu-arab", "fa, IR, nu-arabext", "th, TH, nu-thai", "hi, IN, nu-deva"})
    void digitsAreAsciiInEveryLocale(String language, String country, String extension) throws Exception {
        List<String> command = ServerProcess.command(at(home));
        command.addAll(
                1,
                List.of(
                        "-Duser.language=" + language,
                        "-Duser.country=" + country,
                        "-Duser.extensions=u-" + extension));
        try (ServerProcess server = ServerProcess.start(new ProcessBuilder(command))) {
            String code = server.service().register("alice");
            Answer answer = server.service().send("alice", code, "hello");
            server.stop();

            assertEquals("1", answer.member("receipt"));
            String texts = server.greeting()
                    + answer.text()
                    + Files.readString(LoggedMessage.file(home))
                    + Files.readString(home.resolve("logs/server.log"));
            assertTrue(texts.chars().noneMatch(c -> Character.isDigit(c) && c > '9'), texts);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"--host=::1", "--host=[::1]"})
    void anIpv6AddressIsShownInOnePairOfBrackets(String host) throws Exception {
        assumeTrue(NetworkInterface.getByInetAddress(InetAddress.getByName("::1")) != null);
        List<String> command = ServerProcess.command("--home=" + home, host, "--register-port=0", "--message-port=0");
        try (ServerProcess server = ServerProcess.start(new ProcessBuilder(command))) {
            assertTrue(server.greeting().contains(" http://[::1]:"), server.greeting());
        }
    }

    @Test
    void byDefaultTheCurrentFolderIsHomeAndTheStartSaysAllThatOneNeedsToKnow() throws Exception {
        ProcessBuilder inHome = new ProcessBuilder(ServerProcess.command(FREE_PORTS)).directory(home.toFile());
        try (ServerProcess server = ServerProcess.start(inHome)) {
            String greeting = server.greeting();
            for (String part : List.of(
                    "http://127.0.0.1:" + server.service().registerPort() + "/register",
                    "http://127.0.0.1:" + server.service().messagePort() + "/message",
                    home.toRealPath().resolve("logs/messages.jsonl").toString(),
                    home.toRealPath().resolve("data/countersign.db").toString(),
                    "201 means on disk",
                    "Ctrl-C")) {
                assertTrue(greeting.contains(part), greeting);
            }
            assertTrue(greeting.lines().count() < 10, greeting);
        }
    }

    @Test
    void withoutFlushingTheStartSaysWhatThatGivesUp() throws Exception {
        List<String> command = ServerProcess.command(FREE_PORTS);
        command.addAll(List.of("--home=" + home, "--sync=os"));
        try (ServerProcess server = ServerProcess.start(new ProcessBuilder(command))) {
            assertTrue(server.greeting().contains("a power cut loses"), server.greeting());
            String code = server.service().register("alice");
            assertEquals(201, server.service().send("alice", code, "hello").status());
        }
    }

    @Test
    void aSignalEndsItCleanlyAndTheDefaultLevelEchoesNothing() throws Exception {
        try (ServerProcess server = ServerProcess.start(home)) {
            String code = server.service().register("alice");
            server.service().send("alice", code, "not for the console");
            server.service().send("alice", "guessed", "nor this");

            int exitCode = server.stop();

            assertTrue(Set.of(0, 143).contains(exitCode), "exit code " + exitCode);
            assertEquals("", server.restOfOutput());
        }
        assertEquals(
                List.of("countersign.db", "keys-1", "lock", "messages.journal"),
                Arrays.stream(home.resolve("data").toFile().list()).sorted().toList(),
                "the write-ahead log is merged and gone");
    }

    @Test
    void whatClientsGetWrongStandsInNoLog() throws Exception {
        List<byte[]> mistakes = HttpTest.brokenRequests()
                .map(arguments -> Connection.bytes((String) arguments.get()[0]))
                .toList();
        try (ServerProcess server = ServerProcess.start(home)) {
            for (byte[] mistake : mistakes) {
                try (Connection connection = new Connection(server.service().messagePort())) {
                    connection.exchange(mistake);
                }
            }
            server.stop();

            assertEquals("", server.restOfOutput());
            String log = Files.readString(home.resolve("logs/server.log"));
            assertFalse(log.contains(Refusals.CANARY) || log.contains("WARN"), log);
        }
    }

    @Test
    void aPortThatIsTakenEndsTheStartWithItsNumber() throws Exception {
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getByName("127.0.0.1"))) {
            String port = String.valueOf(taken.getLocalPort());

            assertCanNotStart(
                    List.of(port, "--message-port"),
                    "--home=" + home,
                    "--host=127.0.0.1",
                    "--register-port=0",
                    "--message-port=" + port);
        }
    }

    /** 192.0.2.1 is nobody's, RFC 5737; .invalid is never a name, RFC 6761. */
    @ParameterizedTest
    @CsvSource({"192.0.2.1, Cannot assign", "nowhere.invalid, no such name"})
    void anAddressThatIsNotThisMachinesEndsTheStartWithItsOption(String host, String reason) throws Exception {
        Outcome refused = assertCanNotStart(
                List.of(host, "--host"), "--home=" + home, "--host=" + host, "--register-port=0", "--message-port=0");

        assertFalse(refused.err.contains("-port"), refused.err);
        assertTrue(refused.err.contains(reason), refused.err);
    }

    /** The shell makes the folder: a test's JVM may not be able to name it. */
    @Test
    void aFolderThatTheLocaleCanNotNameEndsTheStartAndNoOtherIsServed() throws Exception {
        assumeTrue(Files.isExecutable(SHELL));
        for (String start : List.of("cd \"$folder\"", "set -- \"$@\" --home=\"$folder\"")) {
            ProcessBuilder builder = inShell(
                    "folder=$(printf '%s/\\303\\274ml\\303\\244ut' \"$0\"); mkdir -p \"$folder\"; " + start
                            + "; exec \"$@\"",
                    ServerProcess.command(FREE_PORTS));
            builder.environment().put("LC_ALL", "C");

            Outcome refused = Outcome.of(builder);

            assertEquals(1, refused.exitCode, refused.err);
            assertEquals(1, refused.err.lines().count(), refused.err);
            assertTrue(refused.err.contains("LC_ALL=C.UTF-8") && refused.err.contains("ANSI_X3.4-1968"), refused.err);
            assertEquals(1, home.toFile().list().length, "no folder beside it");
        }
    }

    /** Mounts stand in a name space of the process's own, which takes them with it. */
    @Test
    void whereTheHomeCanNotLoadSqlitesLibraryTheTemporaryFolderDoes() throws Exception {
        assumeMounts();
        ProcessBuilder builder = inMounts(mountAt(home, "noexec"), ServerProcess.command(at(home)));
        try (ServerProcess server = ServerProcess.start(builder)) {
            server.service().register("alice");
        }
    }

    @Test
    void aHomeWithoutRoomForTheJournalEndsTheStartWithTheReason() throws Exception {
        assumeMounts();
        ProcessBuilder builder =
                inMounts(mountAt(home, "size=1m") + fill(home, "300k"), ServerProcess.command(at(home)));

        assertOneLine(Outcome.of(builder), List.of(home.toString(), "No space left on device"));
    }

    @ParameterizedTest
    @CsvSource({"noexec, 100k, failed to map", "size=1m, 300k, No space left on device"})
    void whereNoFolderCanHoldSqlitesLibraryTheStartEndsWithTheReason(String mount, String filled, String reason)
            throws Exception {
        assumeMounts();
        Path temporary = Files.createDirectory(home.resolve("temporary"));
        Path folder = Files.createDirectory(home.resolve("home"));
        String mounts =
                mountAt(folder, mount) + fill(folder, filled) + mountAt(temporary, mount) + fill(temporary, filled);
        List<String> command = ServerProcess.command(at(folder));
        command.add(1, "-Djava.io.tmpdir=" + temporary);

        Outcome refused = Outcome.of(inMounts(mounts, command));

        assertOneLine(refused, List.of(folder.toString(), reason, "org.sqlite.tmpdir"));
    }

    @Test
    void aDiskThatIsFullEndsTheStartWithTheReason() throws Exception {
        assumeMounts();
        Outcome refused =
                Outcome.of(inMounts(mountAt(home, "size=1m") + fill(home, "1m"), ServerProcess.command(at(home))));

        assertOneLine(refused, List.of(home.toString(), "No space left on device", "--home"));
    }

    @Test
    void aFolderThatAnotherServerHoldsEndsTheStartWithItsProcess() throws Exception {
        try (ServerProcess holder = ServerProcess.start(home)) {
            assertCanNotStart(List.of(home.toString(), String.valueOf(holder.pid()), "--home"), at(home));

            String code = holder.service().register("alice");
            assertEquals(
                    201, holder.service().send("alice", code, "undisturbed").status());
        }
    }

    @Test
    void aFolderThatCanNotBeMadeEndsTheStart() throws Exception {
        Path file = Files.createFile(home.resolve("a-file"));

        assertCanNotStart(List.of(file.toString(), "--home"), at(file.resolve("folder")));
    }

    @Test
    void aDatabaseOfANewerSchemaEndsTheStartAndStaysAsItIs() throws Exception {
        CountersignServer.start(Home.open(home), Settings.local()).close();
        Path database = home.resolve("data/countersign.db");
        try (RandomAccessFile file = new RandomAccessFile(database.toFile(), "rw")) {
            file.seek(60); // user_version: sqlite.org/fileformat.html
            file.writeInt(99);
        }
        byte[] before = Files.readAllBytes(database);

        assertCanNotStart(List.of(database.toString(), "99", "newer"), at(home));

        assertTrue(Arrays.equals(before, Files.readAllBytes(database)));
    }

    @Test
    void aDamagedMessageLogOfAnEarlierVersionEndsTheStartWithTheLinesNumberAndStaysAsItIs() throws Exception {
        Path database = Files.createDirectories(home.resolve("data")).resolve("countersign.db");
        try (java.sql.Connection connection = DriverManager.getConnection("jdbc:sqlite:" + database);
                Statement statement = connection.createStatement()) {
            statement.execute("CREATE TABLE registration ("
                    + "id TEXT NOT NULL PRIMARY KEY, code_sha256 BLOB NOT NULL) STRICT, WITHOUT ROWID");
            statement.execute("PRAGMA user_version = 1");
        }
        Path log = LoggedMessage.file(home);
        Files.createDirectories(log.getParent());
        String damaged =
                "{\"receipt\":\"1\",\"time\":\"2026-11-22T19:26:55.071Z\",\"id\":\"a\",\"message\":\"b\"}\nno record\n";
        Files.writeString(log, damaged);

        assertCanNotStart(List.of(log.toString(), "line 2"), at(home));

        assertEquals(damaged, Files.readString(log));
    }

    private static String[] at(Path folder) {
        List<String> arguments = new ArrayList<>(List.of(FREE_PORTS));
        arguments.add("--home=" + folder);
        return arguments.toArray(String[]::new);
    }

    /** Runs a script that ends with the command; the test's folder is $0. */
    private ProcessBuilder inShell(String script, List<String> command) {
        List<String> all = new ArrayList<>(List.of(SHELL.toString(), "-c", script, home.toString()));
        all.addAll(command);
        return new ProcessBuilder(all);
    }

    private ProcessBuilder inMounts(String mounts, List<String> command) {
        ProcessBuilder builder = inShell(mounts + "exec \"$@\"", command);
        builder.command().addAll(0, List.of("unshare", "-rm"));
        return builder;
    }

    private static void assumeMounts() throws InterruptedException {
        try {
            Process process = new ProcessBuilder("unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt")
                    .redirectErrorStream(true)
                    .redirectOutput(Redirect.DISCARD)
                    .start();
            assumeTrue(process.waitFor() == 0, "this user may mount nothing");
        } catch (IOException e) {
            abort("no unshare here");
        }
    }

    private static String mountAt(Path folder, String options) {
        return "mount -t tmpfs -o " + options + " none '" + folder + "' && ";
    }

    /** Takes so much of the room there. */
    private static String fill(Path folder, String size) {
        return "head -c " + size.toUpperCase(Locale.ROOT) + " /dev/zero > '" + folder + "/filled' && ";
    }

    private static Outcome assertCanNotStart(List<String> named, String... arguments) throws Exception {
        Outcome refused = Outcome.of(new ProcessBuilder(ServerProcess.command(arguments)));
        assertOneLine(refused, named);
        return refused;
    }

    /** Exit code 1, nothing promised, and one line for the person at the terminal. */
    private static void assertOneLine(Outcome refused, List<String> named) {
        assertEquals(1, refused.exitCode, refused.err);
        assertEquals("", refused.out);
        assertEquals(1, refused.err.lines().count(), refused.err);
        for (String part : named) {
            assertTrue(refused.err.contains(part), () -> part + " is missing in: " + refused.err);
        }
    }
}
