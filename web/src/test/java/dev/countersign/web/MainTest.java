package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.Home;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The command line, and what a start says that can't be. */
final class MainTest {

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
        assertTrue(refused.err.lines().findFirst().orElse("").contains(named), refused.err);
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
            assertTrue(server.greeting().contains("a loss of power loses"), server.greeting());
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
                List.of("countersign.db", "lock"),
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
    void aDamagedMessageLogEndsTheStartWithTheLinesNumberAndStaysAsItIs() throws Exception {
        CountersignServer.start(Home.open(home), Settings.local()).close();
        Path log = LoggedMessage.file(home);
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

    /** Exit code 1, nothing promised, and one line for the person at the terminal. */
    private static void assertCanNotStart(List<String> named, String... arguments) throws Exception {
        Outcome refused = Outcome.of(new ProcessBuilder(ServerProcess.command(arguments)));

        assertEquals(1, refused.exitCode, refused.err);
        assertEquals("", refused.out);
        assertEquals(1, refused.err.lines().count(), refused.err);
        for (String part : named) {
            assertTrue(refused.err.contains(part), () -> part + " is missing in: " + refused.err);
        }
    }
}
