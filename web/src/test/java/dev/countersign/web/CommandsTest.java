package dev.countersign.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.Home;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands that read what a running server keeps. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
final class CommandsTest {

    @TempDir
    private static Path home;

    @RegisterExtension
    private static final RunningServer SERVER = new RunningServer(() -> home);

    private static int clients;

    @TempDir
    private Path folder;

    private String id;
    private String code;

    record Outcome(int exitCode, String out, String err) {}

    @BeforeEach
    void registerClient() throws IOException {
        id = "client-" + ++clients;
        code = SERVER.service().register(id);
    }

    @Test
    void logPrintsTimeIdAndText() throws IOException {
        Answer answer = send("hello \"you\"");

        Outcome log = run("log", "--id=" + id);

        assertEquals(0, log.exitCode);
        assertEquals(answer.member("time") + " " + id + " hello \"you\"\n", log.out);
        assertEquals("", log.err);
    }

    @Test
    void aHostileTextIsHarmless() throws IOException {
        send("\u001b]0;owned\u0007\u001b[2J\r\n2026-01-01T00:00:00Z admin forged\u009b31m\u202e\u2028");

        String printed = run("log", "--id=" + id).out;

        assertEquals(1, printed.lines().count(), printed);
        assertTrue(
                printed.strip().chars().noneMatch(c -> Character.isISOControl(c) || c == 0x202e || c == 0x2028),
                printed);
        assertTrue(printed.contains("\\u001b]0;owned"), printed);
    }

    @Test
    void rawLinesAreThoseOfTheFile() throws IOException {
        send("\u001bé");

        Outcome log = run("log", "--raw", "--last=1");

        List<String> lines = Files.readAllLines(home.resolve("logs/messages.jsonl"));
        assertEquals(lines.get(lines.size() - 1) + "\n", log.out);
    }

    @Test
    void aPartOfTheLogIsChosenByReceiptTimeAndNumber() throws IOException {
        List<Answer> answers = new ArrayList<>();
        for (String text : List.of("one", "two", "three")) {
            answers.add(send(text));
        }

        assertEquals(
                List.of("two", "three"),
                texts("--from-receipt=" + answers.get(1).member("receipt")));
        assertEquals(List.of("two", "three"), texts("--since=" + answers.get(1).member("time")));
        assertEquals(
                List.of("one", "two"),
                texts("--id=" + id, "--until=" + answers.get(1).member("time")));
        assertEquals(List.of("two", "three"), texts("--last=2"));
        assertEquals(List.of("three"), texts("--last=1", "--id=" + id));
        assertEquals(
                List.of("two"), texts("--last=1", "--until=" + answers.get(1).member("time")));
        assertEquals(List.of(), texts("--last=0"));
        assertEquals(List.of(), texts("--since=9999-01-01"));
    }

    @Test
    void thePropertiesOfAClientChooseNothing() throws IOException {
        send("mine");
        System.setProperty("id", "somebody-else");
        try {
            assertEquals(List.of("mine"), texts("--last=1"));
        } finally {
            System.clearProperty("id");
        }
    }

    @Test
    void namedFilesAreReadInstead() throws IOException {
        send("in a file");
        Path copy = folder.resolve("messages.jsonl.1");
        Files.copy(home.resolve("logs/messages.jsonl"), copy);

        assertEquals("in a file", last(run("log", "--last=1", copy.toString()).out));
        assertEquals(0, run("verify", copy.toString()).exitCode);
    }

    @Test
    void foreignLinesArePassedOverAndCounted() throws IOException {
        Path file = folder.resolve("mixed");
        Files.writeString(file, "hello\n{}\n");

        Outcome log = run("log", file.toString());

        assertEquals(
                new Outcome(
                        0, "", "countersign: 2 lines were not written by a server; the command verify says where\n"),
                log);
    }

    @Test
    void followPrintsWhatComesAcrossARename() throws Exception {
        send("before");
        Path log = home.resolve("logs/messages.jsonl");
        Process following = new ProcessBuilder(ServerProcess.command("log", "--home=" + home, "--follow", "--id=" + id))
                .redirectErrorStream(true)
                .start();
        try (BufferedReader lines = following.inputReader(UTF_8)) {
            assertEquals("before", last(lines.readLine()));
            send("live");
            assertEquals("live", last(lines.readLine()));
            Files.move(log, home.resolve("logs/messages.jsonl.1"));
            for (int i = 0; i < 20; i++) {
                send("after " + i);
                assertEquals("after " + i, last(lines.readLine()));
            }
        } finally {
            following.destroyForcibly().waitFor();
        }
        assertEquals(0, run("verify").exitCode);
    }

    @Test
    void verifySaysWhatIsThereAndWhatIsWrong() throws IOException {
        send("fine");
        Outcome well = run("verify");
        assertEquals(0, well.exitCode, well.out);
        assertTrue(
                well.out.lines().reduce((first, second) -> second).orElse("").endsWith(": nothing is wrong"), well.out);

        Path damaged = folder.resolve("damaged");
        Files.writeString(damaged, Files.readString(home.resolve("logs/messages.jsonl")) + "hello\n");
        Outcome wrong = run("verify", damaged.toString());
        assertEquals(1, wrong.exitCode);
        long line = Files.lines(damaged).count();
        assertTrue(wrong.out.contains("WRONG: line " + line + " of " + damaged + " is no message"), wrong.out);
    }

    @Test
    void aBackupUnderLoadHasWhatWasAcknowledgedAndStarts() throws Exception {
        Set<String> acknowledged = ConcurrentHashMap.newKeySet();
        AtomicBoolean over = new AtomicBoolean();
        List<Thread> senders = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            int sender = i;
            senders.add(new Thread(() -> {
                try {
                    for (int n = 0; !over.get(); n++) {
                        SERVER.service().register("load-" + sender + "-" + n);
                        acknowledged.add(send("load " + sender + " " + n).member("receipt"));
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }));
        }
        senders.forEach(Thread::start);
        try {
            for (int i = 0; i < 3; i++) {
                int enough = acknowledged.size() + 50;
                while (acknowledged.size() < enough) {
                    Thread.onSpinWait();
                }
                Set<String> before = Set.copyOf(acknowledged);
                Path copy = folder.resolve("copy-" + i);

                Outcome backup = run("backup", copy.toString());

                assertEquals(0, backup.exitCode, backup.err);
                assertEquals("rwx------", PosixFilePermissions.toString(Files.getPosixFilePermissions(copy)));
                Outcome verified = runAt(copy, "verify");
                assertEquals(0, verified.exitCode, verified.out);
                Set<String> kept = runAt(copy, "log", "--raw")
                        .out
                        .lines()
                        .map(line -> Json.parse(line).required("receipt").stringValue())
                        .collect(Collectors.toSet());
                assertTrue(kept.containsAll(before), "lost");
                assertStarts(copy);
            }
        } finally {
            over.set(true);
            for (Thread each : senders) {
                each.join();
            }
        }
    }

    private void assertStarts(Path copy) throws IOException {
        long newest = Long.parseLong(Json.parse(runAt(copy, "log", "--raw", "--last=1").out)
                .required("receipt")
                .stringValue());
        CountersignServer server = CountersignServer.start(Home.open(copy), Settings.local());
        try {
            Answer answer = Service.of(server).send(id, code, "restored");
            assertEquals(201, answer.status(), answer::text);
            assertTrue(Long.parseLong(answer.member("receipt")) > newest, answer::text);
        } finally {
            server.close();
        }
        assertEquals(0, runAt(copy, "verify").exitCode);
    }

    @Test
    void aBackupGoesToNoFolderThatHasSomethingInIt() throws IOException {
        Files.writeString(folder.resolve("other"), "");

        Outcome backup = run("backup", folder.toString());

        assertEquals(1, backup.exitCode);
        assertEquals(1, backup.err.lines().count(), backup.err);
        assertTrue(backup.err.contains("not empty"), backup.err);
        assertEquals(1, folder.toFile().list().length);
    }

    @Test
    void aBackupThatFailsLeavesTheFolderEmpty() throws IOException {
        Path copy = folder.resolve("copy");
        Path unreadable =
                Files.createDirectory(home.resolve("logs/messages-0000000000000000000-0000000000000000000.jsonl"));
        try {
            Outcome backup = run("backup", copy.toString());

            assertEquals(1, backup.exitCode);
            assertEquals(0, copy.toFile().list().length);
        } finally {
            Files.delete(unreadable);
        }
        assertEquals(0, run("backup", copy.toString()).exitCode);
    }

    /** As in the home of a server that keeps registrations elsewhere, when the operator forgets to say so. */
    @Test
    void aBackupWithoutADatabaseNamesTheOption() throws IOException {
        Path elsewhere = folder.resolve("elsewhere");
        Home.open(elsewhere).close();

        Outcome backup = runAt(elsewhere, "backup", folder.resolve("copy").toString());

        assertEquals(1, backup.exitCode);
        assertEquals(1, backup.err.lines().count(), backup.err);
        assertTrue(backup.err.contains("--database"), backup.err);
        assertEquals(0, folder.resolve("copy").toFile().list().length);
    }

    @ParameterizedTest
    @ValueSource(strings = {"log", "verify"})
    void aHomeThatIsNoneIsNamed(String command) {
        Outcome refused = runAt(folder.resolve("none"), command);

        assertEquals(1, refused.exitCode);
        assertEquals(1, refused.err.lines().count(), refused.err);
        assertTrue(
                refused.err.contains(folder.resolve("none").toString()) && refused.err.contains("--home"), refused.err);
        assertFalse(Files.exists(folder.resolve("none")));
    }

    @ParameterizedTest
    @CsvSource({
        "log,    --since=yesterday,      2, --since",
        "log,    --until=+10000-01-01,   2, --until",
        "log,    --from-receipt=x,       2, --from-receipt",
        "log,    --last=-1,              2, --last",
        "log,    /none,                  1, /none",
        "verify, /none,                  1, /none",
        "verify, /,                      1, /",
        "backup, --all,                  2, FOLDER",
    })
    void aMistakeIsOneLine(String command, String argument, int exitCode, String named) {
        Outcome refused = run(command, argument);

        assertEquals(exitCode, refused.exitCode, refused.err);
        assertEquals(
                1,
                (refused.err + refused.out)
                        .lines()
                        .filter(line -> line.contains(named))
                        .count(),
                refused.err + refused.out);
        assertFalse(refused.err.contains("\tat "), refused.err);
    }

    @Test
    void helpListsTheCommands() {
        String help = run("--help").out;

        for (String command : List.of("log ", "verify ", "backup ")) {
            assertTrue(help.lines().anyMatch(line -> line.strip().startsWith(command)), help);
        }
    }

    private Answer send(String text) throws IOException {
        Answer answer = SERVER.service().send(id, code, text);
        assertEquals(201, answer.status(), answer::text);
        return answer;
    }

    private List<String> texts(String... options) {
        List<String> arguments = new ArrayList<>(List.of("log"));
        arguments.addAll(List.of(options));
        return run(arguments.toArray(String[]::new))
                .out
                .lines()
                .map(CommandsTest::last)
                .toList();
    }

    /** The text of a printed line. */
    private static String last(String line) {
        return line.strip().split(" ", 3)[2];
    }

    private static Outcome run(String... arguments) {
        return runAt(home, arguments);
    }

    static synchronized Outcome runAt(Path folder, String... arguments) {
        List<String> all = new ArrayList<>(List.of("--home=" + folder));
        all.addAll(List.of(arguments));
        ByteArrayOutputStream raw = new ByteArrayOutputStream();
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        PrintStream before = System.out;
        System.setOut(new PrintStream(raw, false, UTF_8));
        try {
            int exitCode = Main.commandLine()
                    .setOut(new PrintWriter(out, true))
                    .setErr(new PrintWriter(err, true))
                    .execute(all.toArray(String[]::new));
            System.out.flush();
            return new Outcome(exitCode, out + raw.toString(UTF_8), err.toString());
        } finally {
            System.setOut(before);
        }
    }
}
