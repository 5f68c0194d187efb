package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.countersign.core.Home;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands that go through the running server's socket. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
final class OperatorCommandsTest {

    @TempDir
    private static Path home;

    @RegisterExtension
    private static final RunningServer SERVER = new RunningServer(() -> home);

    private static int clients;

    private final Service service = SERVER.service();
    private String id;
    private String code;

    private record Outcome(int exitCode, String out, String err) {}

    @BeforeEach
    void registerClient() throws IOException {
        id = "client-" + ++clients;
        code = service.register(id);
    }

    @Test
    void aRevokedIdAnswersLikeAWrongCodeByteForByteAtOnceAndForGood() throws IOException {
        assertEquals(201, service.send(id, code, "before").status());
        Answer wrong = service.send(id, "x".repeat(24), "wrong");

        assertEquals(new Outcome(0, "revoked " + id + "\n", ""), run("revoke", id));

        Answer revoked = service.send(id, code, "after");
        assertEquals(403, revoked.status());
        assertArrayEquals(wrong.body(), revoked.body());
        assertEquals(wrong.headers().map().keySet(), revoked.headers().map().keySet());
        assertEquals(409, service.postRegister(Json.registration(id)).status());
        assertEquals(
                403,
                Service.post(
                                service.registerPort(),
                                "/rotate",
                                Json.credentials(id, code).getBytes())
                        .status());
        assertEquals(1, run("rotate", id).exitCode);
        assertEquals(
                new Outcome(1, "", "countersign: the id " + id + " is not registered, or revoked already\n"),
                run("revoke", id));
    }

    @Test
    void aRevocationIsOnDiskBeforeTheCommandReturns(@TempDir Path copy) throws IOException {
        run("revoke", id);

        // what a killed server leaves: its files as they are now
        Home.createFolder(copy.resolve("data"));
        for (String file : List.of("countersign.db", "countersign.db-wal")) {
            Files.copy(home.resolve("data").resolve(file), copy.resolve("data").resolve(file));
        }
        try (CountersignServer restarted = CountersignServer.start(Home.open(copy), Settings.local())) {
            assertEquals(403, Service.of(restarted).send(id, code, "after").status());
        }
    }

    @Test
    void aKeyedRequestOfARevokedIdIsNotReplayed() throws IOException {
        assertEquals(201, keyed().status());
        assertEquals(200, keyed().status());

        run("revoke", id);

        assertEquals(403, keyed().status());
    }

    @Test
    void aRegistrationWhoseIdWasRevokedIsNotRepeatable() throws IOException {
        String other = id + "-keyed";
        assertEquals(201, registerWithKey(other).status());

        run("revoke", other);

        assertEquals(409, registerWithKey(other).status());
    }

    @Test
    void rotatePrintsTheNewCodeAndEndsTheOldOne() throws IOException {
        service.send(id, code, "one");

        Outcome rotated = run("rotate", id);

        assertEquals(0, rotated.exitCode, rotated.err);
        assertEquals(403, service.send(id, code, "old").status());
        assertEquals(201, service.send(id, rotated.out.strip(), "new").status());
    }

    @Test
    void registerPrintsTheCode() throws IOException {
        String other = id + "-new";

        Outcome registered = run("register", other);

        assertEquals(201, service.send(other, registered.out.strip(), "hi").status());
        assertEquals(
                new Outcome(1, "", "countersign: the id " + other + " is registered already\n"),
                run("register", other));
    }

    @Test
    void serverLogSaysWhoRevokedWhatAndNoCode() throws Exception {
        Path own = home.resolve("own");
        try (ServerProcess server = ServerProcess.start(own)) {
            String given = server.service().register("mallory");
            assertEquals(0, runAt(own, "revoke", "mallory").exitCode);
            Path log = own.resolve("logs/server.log");
            while (!Files.readString(log).contains("revoked")) {
                Thread.sleep(20);
            }

            String line = Files.readString(log)
                    .lines()
                    .filter(each -> each.contains("revoked"))
                    .findFirst()
                    .orElseThrow();

            assertTrue(
                    line.matches(
                            "20\\S+Z INFO  the id mallory was revoked by the user " + System.getProperty("user.name")),
                    line);
            assertFalse(Files.readString(log).contains(given));
        }
    }

    @Test
    void aFullServerLogIsSetAsideForTheSameUsers() throws Exception {
        Path own = home.resolve("full");
        Path log = own.resolve("logs/server.log");
        Path rolled = log.resolveSibling("server.1.log");
        Home.open(own).close(); // makes its files
        Files.write(log, new byte[16 * 1024 * 1024]);
        try (ServerProcess server = ServerProcess.start(own)) {
            while (!Files.exists(rolled) || !Files.exists(log) || Files.size(log) == 0) {
                assertEquals(0, runAt(own, "log-level", "info").exitCode);
                Thread.sleep(100);
            }

            assertTrue(Files.size(rolled) >= 16 * 1024 * 1024);
            assertEquals(143, server.stop());
            assertTrue(Files.readString(log).contains("INFO  stopped"));
            for (Path each : List.of(log, rolled)) {
                assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(each)));
            }
        }
    }

    @Test
    void idsPrintsStateFirstAndLastUse() throws IOException {
        service.send(id, code, "one");
        service.send(id, code, "two");
        service.send(id, "wrong", "three");
        String gone = id + "-gone";
        service.register(gone);
        run("revoke", gone);

        String ids = run("ids").out;

        assertTrue(ids.lines().anyMatch(line -> line.matches(id + " +active +20\\S+Z +20\\S+Z +2 +1")), ids);
        assertTrue(ids.lines().anyMatch(line -> line.matches(gone + " +revoked +20\\S+Z +- +- +-")), ids);
    }

    @Test
    void idsPrintsAllOfThemHoweverManyPages() throws IOException {
        for (int i = 0; i < 1_100; i++) {
            service.register("many-" + i);
        }

        assertEquals(
                1_100,
                run("ids", "--json")
                        .out
                        .lines()
                        .filter(line -> line.contains("\"many-"))
                        .count());
    }

    @Test
    void statusSaysHowTheServerDoes() throws IOException {
        Answer sent = service.send(id, code, "one");

        String status = run("status").out;

        assertTrue(status.matches("(?s)status +UP\n.*"), status);
        assertTrue(status.matches("(?s).*\nlastReceipt +" + sent.member("receipt") + "\n.*"), status);
        assertTrue(status.matches("(?s).*\nlog files +1\n.*"), status);
        assertTrue(
                status.matches("(?s).*\naddresses message +http://127.0.0.1:" + service.messagePort() + "/message\n.*"),
                status);
        long bytes =
                Json.parse(run("status", "--json").out).get("log").get("bytes").asLong();
        assertEquals(Files.size(home.resolve("logs/messages.jsonl")), bytes);
    }

    /** The other tests take a command's output before it passes through its process. */
    @ParameterizedTest
    @ValueSource(strings = {"status", "status --json", "ids", "ids --json"})
    void allOfTheOutputLeavesTheProcess(String command) throws Exception {
        Process process = process(command).start();

        String out = new String(process.getInputStream().readAllBytes());

        assertEquals(0, process.waitFor());
        String[] words = command.split(" ");
        assertEquals(run(words).out.lines().count(), out.lines().count(), out);
    }

    @ParameterizedTest
    @ValueSource(strings = {"status", "status --json", "ids", "log", "verify", "register on-a-full-disk"})
    void outputThatIsLostIsNoSuccess(String command) throws Exception {
        File full = new File("/dev/full");
        assumeTrue(full.exists());
        service.send(id, code, "one");
        Process process = process(command).redirectOutput(full).start();

        String err = new String(process.getErrorStream().readAllBytes());

        assertEquals("countersign: can't write all of the output\n", err);
        assertEquals(1, process.waitFor());
    }

    @Test
    void aReaderThatLeavesEarlyIsNoFailure() throws Exception {
        for (int i = 0; i < 2; i++) {
            service.send(id, code, "x".repeat(60_000)); // more than a pipe holds
        }
        List<String> line = new ArrayList<>(List.of("sh", "-c", "{ \"$@\"; echo $? >&2; } | head -c 1", "sh"));
        line.addAll(process("log").command());

        Process process = new ProcessBuilder(line).start();

        assertEquals("0\n", new String(process.getErrorStream().readAllBytes()));
    }

    private static ProcessBuilder process(String command) {
        List<String> line = ServerProcess.command(command.split(" "));
        line.add("--home=" + home);
        return new ProcessBuilder(line);
    }

    @ParameterizedTest
    @CsvSource({"revoke,no such id!", "rotate,", "register,ä", "erase,no such id!"})
    void whatIsNoIdIsRefusedInALine(String command, String given) {
        Outcome outcome = run(command, given == null ? "" : given);

        assertEquals(new Outcome(1, "", "countersign: an id is 1 to 64 of A-Z a-z 0-9 . _ -\n"), outcome);
    }

    @Test
    void anUnknownLevelIsRefusedInALine() {
        assertEquals(
                new Outcome(1, "", "countersign: a level is error, warn, info, debug or trace\n"),
                run("log-level", "loud"));
        assertEquals(0, run("log-level", "info").exitCode);
    }

    @ParameterizedTest
    @ValueSource(strings = {"status", "ids"})
    void withoutAServerALineSaysSo(String command, @TempDir Path stopped) {
        CountersignServer.start(Home.open(stopped), Settings.local()).close();

        assertEquals(
                new Outcome(
                        1,
                        "",
                        "countersign: no server is running in " + stopped + ". Name another home with --home.\n"),
                runAt(stopped, command));
    }

    private Answer keyed() throws IOException {
        return Service.exchange(Service.request(service.messagePort(), "/message")
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", "k")
                .POST(BodyPublishers.ofString(Json.message(id, code, "keyed"))));
    }

    private Answer registerWithKey(String other) throws IOException {
        return Service.exchange(Service.request(service.registerPort(), "/register")
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", "0123456789abcdef")
                .POST(BodyPublishers.ofString(Json.registration(other))));
    }

    private static Outcome run(String... arguments) {
        return runAt(home, arguments);
    }

    private static Outcome runAt(Path folder, String... arguments) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        String[] all = new String[arguments.length + 1];
        all[0] = arguments[0];
        all[1] = "--home=" + folder;
        System.arraycopy(arguments, 1, all, 2, arguments.length - 1);
        int exitCode = Main.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(all);
        return new Outcome(exitCode, out.toString(), err.toString());
    }
}
