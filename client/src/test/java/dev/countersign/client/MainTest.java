package dev.countersign.client;

import static dev.countersign.client.ScriptedServer.answer;
import static dev.countersign.client.ScriptedServer.busy;
import static dev.countersign.client.ScriptedServer.cut;
import static dev.countersign.client.ScriptedServer.logged;
import static dev.countersign.client.ScriptedServer.loggedAll;
import static dev.countersign.client.ScriptedServer.problem;
import static dev.countersign.client.ScriptedServer.registered;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class MainTest {

    private static final Pattern LOGGED_AS =
            Pattern.compile("id: (\\S+)\nreceipt: \\d+, time: \\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}Z\n");
    private static final InputStream TERMINAL = new InputStream() {
        @Override
        public int read() {
            throw new AssertionError("it would wait for somebody to type");
        }
    };

    @TempDir
    private static Path home;

    private static RealServer server;

    @TempDir
    private Path folder;

    private final Map<String, String> properties = new HashMap<>(Map.of("sun.jnu.encoding", "UTF-8"));
    private final Map<String, String> environment = new HashMap<>(Map.of(
            "COUNTERSIGN_REGISTER_PORT", Integer.toString(server.registerPort()),
            "COUNTERSIGN_MESSAGE_PORT", Integer.toString(server.messagePort())));
    private Set<Integer> terminals = Set.of();
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();
    private final ByteArrayOutputStream err = new ByteArrayOutputStream();

    @BeforeAll
    static void start() {
        server = new RealServer(home);
    }

    @AfterAll
    static void stop() {
        server.close();
    }

    @Test
    void aMessageIsLoggedAsARandomUuids() throws Exception {
        properties.put("msg", "hi");

        int exitCode = run(TERMINAL);

        assertEquals(0, exitCode);
        Matcher printed = LOGGED_AS.matcher(printed());
        assertTrue(printed.matches(), printed());
        assertEquals(
                List.of("hi"),
                server.messagesOf(UUID.fromString(printed.group(1)).toString()));
        assertEquals("", complaint());
    }

    @Test
    void severalMessagesAreLoggedInOrder() throws Exception {
        assertEquals(0, run(TERMINAL, "--id=several", "one", "", "\"3\"", "--", "--stdin"));

        assertEquals(List.of("one", "", "\"3\"", "--stdin"), server.messagesOf("several"));
    }

    @Test
    void aMessageThatNamesAFileIsNotTheFile() throws Exception {
        Path file = Files.writeString(folder.resolve("notes"), "what is in it");

        assertEquals(0, run(TERMINAL, "--id=at", "@" + file));

        assertEquals(List.of("@" + file), server.messagesOf("at"));
    }

    @Test
    void aLimitIsWaitedForAndThenTheRequestIsSentAgainWithItsKey() throws Exception {
        try (ScriptedServer busy = new ScriptedServer(
                registered("code"),
                problem("429 Too Many Requests\r\nRetry-After: 1", "too-many-requests"),
                logged(1))) {
            environment.put("COUNTERSIGN_REGISTER_PORT", Integer.toString(busy.port()));
            environment.put("COUNTERSIGN_MESSAGE_PORT", Integer.toString(busy.port()));
            long start = System.nanoTime();

            assertEquals(0, run(TERMINAL, "hi"), this::complaint);

            assertTrue(System.nanoTime() - start >= 1_000_000_000, "it did not wait");
            assertEquals(busy.keys().get(1), busy.keys().get(2));
        }
    }

    @Test
    void aLimitThatLastsLongerThanTheTimeForRetriesIsARefusalAndNothingIsDone() {
        try (ScriptedServer busy = new ScriptedServer(
                registered("code"), problem("429 Too Many Requests\r\nRetry-After: 3600", "too-many-requests"))) {
            environment.put("COUNTERSIGN_REGISTER_PORT", Integer.toString(busy.port()));
            environment.put("COUNTERSIGN_MESSAGE_PORT", Integer.toString(busy.port()));

            assertEquals(1, run(TERMINAL, "hi"));

            assertTrue(complaint().contains("\nrefused: 429 "), complaint());
        }
    }

    @Test
    void theEmptyMessageIsOne() throws Exception {
        properties.put("msg", "");

        assertEquals(0, run(TERMINAL, "--id=empty"));

        assertEquals(List.of(""), server.messagesOf("empty"));
    }

    @Test
    void eachLineOfStandardInputIsAMessage() throws Exception {
        assertEquals(0, run(input("first\n\nГрüße \uD83D\uDE00\nlast"), "--id=lines", "--stdin"));

        assertEquals(List.of("first", "", "Грüße \uD83D\uDE00", "last"), server.messagesOf("lines"));
    }

    @Test
    void linesThatWaitGoOutTogetherInRequestsWithinTheLimits() throws Exception {
        String long1 = "x".repeat(600);
        String tooLong = "y".repeat(1200);
        List<String> lines = List.of("1", "2", long1, long1, tooLong, "3");

        assertEquals(
                0,
                run(input(String.join("\n", lines)), "--id=together", "--stdin", "--max-body=1024"),
                this::complaint);

        assertEquals(lines, server.messagesOf("together"));
        assertEquals(7, printed().lines().count(), printed());
    }

    @Test
    void aLineEndsInALineFeedWithOrWithoutACarriageReturnAndInNothingElse() throws Exception {
        assertEquals(0, run(input("a\rb\nc\r\n\r\r\nd\u2028e\u0085f\r"), "--id=returns", "--stdin"));

        assertEquals(List.of("a\rb", "c", "\r", "d\u2028e\u0085f\r"), server.messagesOf("returns"));
    }

    @Test
    void inputThatIsNoUtf8IsNotSentAsSomethingElse() throws Exception {
        byte[] latin1 = "first\nsecond\nGr\u00FC\nlast\n".getBytes(ISO_8859_1);

        assertEquals(2, run(new ByteArrayInputStream(latin1), "--id=latin1", "--stdin"));

        assertEquals(List.of("first", "second"), server.messagesOf("latin1"));
        assertTrue(
                complaint()
                        .contains(
                                "standard input: line 3 is not UTF-8: lines 1 to 2 are logged, nothing after that was sent\n"),
                complaint());
    }

    @Test
    void aFailureSaysWhichLinesAreLoggedAndTheRestIsNotSent() throws Exception {
        environment.put("COUNTERSIGN_RETRY_FOR", "0");
        String lines = "x".repeat(900) + "\n" + "y".repeat(900) + "\n" + "z".repeat(900) + "\n"; // each alone
        try (ScriptedServer scripted = new ScriptedServer(
                registered("code"),
                logged(0),
                loggedAll(1, 1),
                loggedAll(2, 1),
                problem("413 Content Too Large", "body-too-large"))) {
            scripted(scripted);

            assertEquals(1, run(input(lines), "--stdin", "--max-body=1024", "zero"));

            assertTrue(
                    complaint()
                            .endsWith(
                                    "\nlines 1 to 2 are logged, nothing after that was sent: refused: 413 Title: Detail.\n"),
                    complaint());
            assertEquals(5, scripted.requests().size());
        }
        try (ScriptedServer scripted = new ScriptedServer(registered("code"), loggedAll(1, 1), cut())) {
            scripted(scripted);

            assertEquals(4, run(input(lines), "--stdin", "--max-body=1024"));

            assertTrue(
                    complaint()
                            .contains(
                                    "\nline 1 is logged, line 2 may be, nothing after that was sent: outcome unknown, the answer"
                                            + " was lost: "),
                    complaint());
        }
    }

    @Test
    void onATerminalOneLineTellsTheProgress() throws Exception {
        terminals = Set.of(1, 2);

        assertEquals(0, run(input("a\nb\n".repeat(600)), "--id=terminal", "--stdin"));

        assertEquals("id: terminal\n", printed());
        String[] shown = complaint().split("\u001b\\[K[\r\n]");
        assertTrue(
                shown[shown.length - 1].matches("1,200 lines logged, [0-9,]+ lines/s, last receipt: \\d+"),
                complaint());
        assertEquals(1200, server.messagesOf("terminal").size());
    }

    @Test
    void whereOnlyTheComplaintsGoToATerminalTheReceiptsAreKept() {
        terminals = Set.of(2);

        assertEquals(0, run(input("a\nb\n"), "--stdin"));

        assertEquals(3, printed().lines().count(), printed());
        assertTrue(complaint().startsWith("1 lines logged") || complaint().startsWith("2 lines logged"), complaint());
    }

    @Test
    void aRunThatIsRepeatedSendsOnlyWhatIsNew() throws Exception {
        String[] arguments = {
            "--stdin", "--id=repeated", "--credentials=" + folder.resolve("c"), "--progress=" + folder.resolve("p")
        };
        assertEquals(0, run(input("1\n2\n"), arguments), this::complaint);

        assertEquals(0, run(input("1\n2\n"), arguments), this::complaint);
        assertEquals(0, run(input("1\n2\n3\n"), arguments), this::complaint);

        assertEquals(List.of("1", "2", "3"), server.messagesOf("repeated"));
        assertEquals(2, run(input("1\n"), arguments));
        assertTrue(complaint().contains("fewer lines than the 3 that --progress has recorded"), complaint());
    }

    @Test
    void aRunThatFailedIsRepeatedWithTheSameLinesAndTheSameKey() throws Exception {
        environment.put("COUNTERSIGN_RETRY_FOR", "0");
        String[] arguments = {
            "--stdin", "--max-body=1024", "--credentials=" + folder.resolve("c"), "--progress=" + folder.resolve("p")
        };
        String first = "a".repeat(900) + "\n" + "b".repeat(900) + "\n";
        try (ScriptedServer scripted = new ScriptedServer(
                registered("code"), loggedAll(1, 1), cut(), cut(), loggedAll(2, 1), loggedAll(3, 1))) {
            scripted(scripted);

            assertEquals(4, run(input(first), arguments));
            assertTrue(
                    complaint()
                            .contains("\nline 1 is logged, line 2 may be, nothing after that was sent (the same command"
                                    + " continues from there): outcome unknown"),
                    complaint());
            assertEquals(4, run(input(first), arguments));
            assertEquals(0, run(input(first + "c\n"), arguments), this::complaint);

            List<String> bodies = scripted.requests();
            List<String> keys = scripted.keys();
            assertEquals(List.of(bodies.get(2), bodies.get(2)), bodies.subList(3, 5));
            assertEquals(List.of(keys.get(2), keys.get(2)), keys.subList(3, 5));
            assertTrue(bodies.get(5).endsWith("\"messages\":[\"c\"]}"), bodies.get(5));
            assertEquals(4, Set.copyOf(keys).size());
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"not mine", "{}\n"})
    void aFileThatIsNoProgressIsLeftAlone(String content) throws Exception {
        Path file = Files.writeString(folder.resolve("p"), content);

        assertEquals(2, run(input("1\n"), "--stdin", "--credentials=" + folder.resolve("c"), "--progress=" + file));

        assertTrue(complaint().contains("\n--progress: " + file + " is not the progress of "), complaint());
        assertEquals(content, Files.readString(file));
    }

    @Test
    void progressThatCantBeKeptIsNotCalledAFailureOfTheInput() throws Exception {
        Path draft = Files.createDirectory(folder.resolve(".p.new"));

        assertEquals(
                2,
                run(
                        input("1\n"),
                        "--stdin",
                        "--credentials=" + folder.resolve("c"),
                        "--progress=" + folder.resolve("p")));

        assertTrue(
                complaint()
                        .contains("\n--progress: " + draft
                                + ": Is a directory: no line is logged, nothing after that was sent"),
                complaint());
    }

    @Test
    void progressIsForLinesOfOneClient() throws Exception {
        String file = "--progress=" + folder.resolve("p");
        String credentials = "--credentials=" + folder.resolve("c");

        assertEquals(2, run(TERMINAL, "--stdin", file));
        assertEquals(2, run(TERMINAL, credentials, file, "hi"));
        assertEquals(2, run(TERMINAL, credentials, file, "--stdin", "hi"));
        assertTrue(complaint().startsWith("--progress needs --stdin and --credentials, and no other messages"));
        assertEquals(List.of(), filesIn(folder));
        assertEquals(0, run(input("1\n"), credentials, file, "--stdin"));
        assertEquals(2, run(input("1\n"), "--credentials=" + folder.resolve("another"), file, "--stdin"));
    }

    @Test
    void theMessageThatFailedIsNamedAndTheRestNotSent() {
        environment.put("COUNTERSIGN_RETRY_FOR", "0");
        try (ScriptedServer scripted = new ScriptedServer(registered("code"), logged(1), cut(), logged(2))) {
            scripted(scripted);

            assertEquals(4, run(TERMINAL, "one", "two", "three"));

            assertTrue(
                    complaint()
                            .contains("message 2 (nothing after it was sent): outcome unknown, the answer was lost: "),
                    complaint());
            assertEquals(3, scripted.requests().size());
        }
    }

    @Test
    void aProxysErrorLeavesTheFateUnknown() {
        environment.put("COUNTERSIGN_RETRY_FOR", "0");
        try (ScriptedServer scripted =
                new ScriptedServer(registered("code"), answer("504 Gateway Timeout", "<html>"), logged(1))) {
            scripted(scripted);

            assertEquals(4, run(TERMINAL, "hi"));

            assertTrue(
                    complaint().endsWith("outcome unknown, the answer is not Countersign's: 504 Gateway Timeout\n"),
                    complaint());
        }
    }

    @Test
    void whileItWaitsForTheServerItSaysSoOnce() {
        try (ScriptedServer scripted = new ScriptedServer(busy(), busy(), registered("code"), logged(1))) {
            scripted(scripted);

            assertEquals(0, run(TERMINAL, "hi"));

            assertEquals("retrying for up to 30 s: refused: 503 Title: Detail.\n", complaint());
        }
    }

    @Test
    void anIdRegisteredForNothingIsSaidWithItsCodesPlace() throws Exception {
        Path file = folder.resolve("kept-all-the-same");
        environment.put("COUNTERSIGN_RETRY_FOR", "0");
        String right = environment.get("COUNTERSIGN_MESSAGE_PORT");
        try (ScriptedServer closed = new ScriptedServer()) {
            environment.put("COUNTERSIGN_MESSAGE_PORT", Integer.toString(closed.port()));
        }

        assertEquals(3, run(TERMINAL, "--id=lost-code", "hi"));
        assertTrue(
                complaint()
                        .startsWith("registered: lost-code; its code is lost; --credentials=FILE keeps it,"
                                + " --show-code prints it\nunreachable, nothing was sent: "),
                complaint());
        assertEquals(3, run(TERMINAL, "--id=shown-code", "--show-code", "hi"));
        assertTrue(complaint().startsWith("registered: shown-code; its code is above\n"), complaint());
        assertEquals(3, run(TERMINAL, "--id=kept-code", "--credentials=" + file, "hi"));
        assertTrue(complaint().startsWith("registered: kept-code; its code is in " + file + "\n"), complaint());
        assertEquals(3, run(TERMINAL, "--credentials=" + file, "hi"));
        assertTrue(complaint().startsWith("unreachable, nothing was sent: "), complaint());

        environment.put("COUNTERSIGN_MESSAGE_PORT", right);
        assertEquals(0, run(TERMINAL, "--credentials=" + file, "hi"));
        assertEquals(List.of("hi"), server.messagesOf("kept-code"));
    }

    @Test
    void aMessageThatTheLocaleGarbledIsNotSent() {
        properties.put("sun.jnu.encoding", "ANSI_X3.4-1968");

        assertEquals(2, run(TERMINAL, "Gr\uFFFD\uFFFD\uFFFDe"));

        assertTrue(complaint().contains("LC_ALL"), complaint());
    }

    @Test
    void withoutAMessageItSaysHowToGiveOneAndWaitsForNothing() {
        assertEquals(2, run(TERMINAL));

        assertTrue(complaint().contains("-Dmsg="), complaint());
        assertTrue(complaint().contains("Usage: countersign-client"), complaint());
        assertEquals("", printed());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "--register-port=http",
                "--register-port=0",
                "--message-port=65536",
                "--answer-timeout=0",
                "--connect-timeout=-1",
                "--retry-for=-1",
                "--host=localhost:8000",
                "--host=two words",
                "--host=",
                "--credentials=/no/such/folder/file",
                "--unheard-of"
            })
    void whatItCantUseIsAUsageError(String argument) {
        assertEquals(2, run(TERMINAL, "hi", argument));

        assertTrue(complaint().contains("Usage: "), complaint());
        assertFalse(complaint().contains("\tat "), complaint());
    }

    @Test
    void aRefusalShowsItsTitleAndDetailAndNoStackTrace() {
        run(TERMINAL, "--id=twice", "hi");
        out.reset();

        assertEquals(1, run(TERMINAL, "--id=twice", "hi"));

        assertEquals("refused: 409 Id taken: This id is registered already; choose another.\n", complaint());
        assertEquals("", printed());
    }

    @Test
    void aServerCantDriveTheTerminal() {
        String problem =
                "{\"type\":\"urn:countersign:problem:wrong-code\",\"title\":\"\\u001b[2JOops\",\"detail\":\"a\\r\\nb\\u009bc\\u202Ed\"}";
        try (ScriptedServer scripted =
                new ScriptedServer(answer("403 Forbidden\r\nContent-Type: application/problem+json", problem))) {
            scripted(scripted);

            assertEquals(1, run(TERMINAL, "hi"));

            assertEquals("refused: 403 \uFFFD[2JOops: a\uFFFD\uFFFDb\uFFFDc\uFFFDd\n", complaint());
        }
    }

    @Test
    void aServerThatIsNotThereIsUnreachable() {
        try (ScriptedServer scripted = new ScriptedServer()) {
            scripted(scripted);
        }

        assertEquals(3, run(TERMINAL, "hi", "--retry-for=0"));

        assertTrue(complaint().startsWith("unreachable, nothing was sent: "), complaint());
    }

    @Test
    void aLostAnswerLeavesTheFateUnknown() {
        environment.put("COUNTERSIGN_RETRY_FOR", "0");
        try (ScriptedServer scripted = new ScriptedServer(registered("code"), cut())) {
            scripted(scripted);

            assertEquals(4, run(TERMINAL, "hi"));

            assertTrue(complaint().contains("\noutcome unknown, the answer was lost: "), complaint());
        }
    }

    @Test
    void aMessageWhoseAnswerWasLostIsSentAgain() {
        try (ScriptedServer scripted = new ScriptedServer(registered("code"), cut(), logged(9))) {
            scripted(scripted);

            assertEquals(0, run(TERMINAL, "hi"));

            assertTrue(printed().contains("receipt: 9, time: 2026-11-22T19:26:55.071200Z\n"), printed());
        }
    }

    @Test
    void theCodeIsPrintedWhereAskedForOnly() throws Exception {
        Path file = folder.resolve("alice");

        run(TERMINAL, "--credentials=" + file, "hi");

        String code = codeIn(file);
        assertFalse(printed().contains(code) || complaint().contains(code));
        run(TERMINAL, "--credentials=" + file, "hi", "--show-code");
        assertTrue(printed().contains("code: " + code + "\n"));
    }

    @Test
    void aSecondRunSendsAsTheClientInTheFile() throws Exception {
        String file = "--credentials=" + folder.resolve("kept");
        assertEquals(0, run(TERMINAL, file, "--id=kept", "first run"));

        assertEquals(0, run(TERMINAL, file, "second run"), this::complaint);

        assertEquals(List.of("first run", "second run"), server.messagesOf("kept"));
    }

    @Test
    void theFileOfCredentialsIsItsOwnersAloneAndTheOnlyOneLeft() throws Exception {
        Path file = folder.resolve("private");

        run(TERMINAL, "--credentials=" + file, "hi");

        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        assertEquals(List.of(file), filesIn(folder));
    }

    @Test
    void aFileOfCredentialsThatOthersCanReadIsNotUsed() throws Exception {
        Path file = folder.resolve("open");
        run(TERMINAL, "--credentials=" + file, "hi");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r-----"));

        assertEquals(2, run(TERMINAL, "--credentials=" + file, "hi"));

        assertTrue(complaint().contains("chmod 600"), complaint());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "{}", "{\"id\":\"alice\"}", "not JSON but s3cret"})
    void aFileOfSomethingElseIsNotUsedNorShown(String content) throws Exception {
        Path file = Files.writeString(folder.resolve("other"), content);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));

        assertEquals(2, run(TERMINAL, "--credentials=" + file, "hi"));

        assertFalse(complaint().contains("s3cret"), complaint());
        assertEquals(content, Files.readString(file));
    }

    @Test
    void aNameThatCantBecomeAFileIsFoundOutBeforeTheIdIsRegistered() throws Exception {
        Path dangling = Files.createSymbolicLink(folder.resolve("dangling"), folder.resolve("gone"));
        Path directory = Files.createDirectory(folder.resolve("directory"));
        String id = "--id=unspent";

        assertEquals(2, run(TERMINAL, id, "--credentials=" + dangling, "hi"));
        assertTrue(
                complaint().startsWith("--credentials: " + dangling + " is a dangling symbolic link: "), complaint());
        assertEquals(2, run(TERMINAL, id, "--credentials=" + directory, "hi"));
        assertTrue(complaint().startsWith("--credentials: " + directory + " is not a file: "), complaint());
        assertEquals(2, run(TERMINAL, id, "--credentials=" + directory.resolve("no/such"), "hi"));
        assertTrue(complaint().startsWith("--credentials: can't create a file in "), complaint());

        assertEquals(0, run(TERMINAL, id, "hi"), this::complaint);
        assertEquals(Set.of(dangling, directory), Set.copyOf(filesIn(folder)));
    }

    @Test
    void aRotationPutsANewCodeInPlaceOfTheOld() throws Exception {
        Path file = folder.resolve("rotated");
        assertEquals(0, run(TERMINAL, "--id=rotated", "--credentials=" + file, "one"));
        Path link = Files.createSymbolicLink(folder.resolve("link"), file);
        String old = codeIn(file);
        Path kept = Files.copy(file, folder.resolve("old"));

        assertEquals(0, run(TERMINAL, "--rotate", "--credentials=" + link), this::complaint);

        assertNotEquals(old, codeIn(file));
        assertFalse(printed().contains(codeIn(file)));
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        assertEquals(Set.of(file, link, kept), Set.copyOf(filesIn(folder)));
        assertEquals(0, run(TERMINAL, "--credentials=" + kept, "the old code still works"));
        assertEquals(0, run(TERMINAL, "--rotate", "--credentials=" + kept, "again, with the old"), this::complaint);
        assertEquals(1, run(TERMINAL, "--credentials=" + file, "void"));
        assertEquals(List.of("one", "the old code still works", "again, with the old"), server.messagesOf("rotated"));
    }

    @Test
    void aLostAnswerToARotationIsAskedForAgain() throws Exception {
        Path file = folder.resolve("lost");
        Files.writeString(file, "{\"id\":\"me\",\"code\":\"old\"}");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        try (ScriptedServer scripted = new ScriptedServer(cut(), registered("new"))) {
            scripted(scripted);

            assertEquals(0, run(TERMINAL, "--rotate", "--credentials=" + file));

            assertEquals("new", codeIn(file));
            assertEquals("{\"id\":\"me\",\"code\":\"old\"}", scripted.requests().get(1));
        }
    }

    @Test
    void whatAKillLeftOfADraftIsNotKept() throws Exception {
        Path file = folder.resolve("killed");
        Path draft = Files.writeString(folder.resolve(".killed.new"), "{\"id\":\"killed\",\"code\":\"void\"}");
        Files.setPosixFilePermissions(draft, PosixFilePermissions.fromString("rw-rw-rw-"));

        assertEquals(0, run(TERMINAL, "--id=killed", "--credentials=" + file, "one"), this::complaint);
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(file)));
        Files.writeString(draft, "half a draft");
        assertEquals(0, run(TERMINAL, "--rotate", "--credentials=" + file, "two"), this::complaint);

        assertEquals(List.of(file), filesIn(folder));
        assertEquals(List.of("one", "two"), server.messagesOf("killed"));
    }

    @Test
    void aRotationNeedsAFileOfCredentials() {
        assertEquals(2, run(TERMINAL, "--rotate"));
        assertEquals(2, run(TERMINAL, "--rotate", "--credentials=" + folder.resolve("none")));
        assertTrue(complaint().contains("none does not exist: there is no code to rotate"), complaint());
    }

    @Test
    void aLinkToTheFileIsTheFile() throws Exception {
        Path file = folder.resolve("linked");
        run(TERMINAL, "--id=linked", "--credentials=" + file, "one");
        Path link = Files.createSymbolicLink(folder.resolve("link"), file);

        assertEquals(0, run(TERMINAL, "--credentials=" + link, "two"), this::complaint);

        assertEquals(List.of("one", "two"), server.messagesOf("linked"));
    }

    @Test
    void theIdAskedForMustBeTheOneInTheFile() {
        String file = "--credentials=" + folder.resolve("mine");
        run(TERMINAL, file, "--id=mine", "hi");

        assertEquals(2, run(TERMINAL, file, "--id=yours", "hi"));
    }

    @Test
    void aRefusedRegistrationLeavesNoFile() throws Exception {
        run(TERMINAL, "--id=refused-twice", "hi");

        assertEquals(1, run(TERMINAL, "--id=refused-twice", "--credentials=" + folder.resolve("none"), "hi"));

        assertEquals(List.of(), filesIn(folder));
    }

    @Test
    void anOptionGoesBeforeAPropertyAndAPropertyBeforeAVariable() throws Exception {
        environment.put("COUNTERSIGN_ID", "by-variable");
        environment.put("COUNTERSIGN_MSG", "by variable");
        properties.put("id", "by-property");
        properties.put("msg", "by property");

        assertEquals(0, run(TERMINAL, "--id=by-option"));

        assertEquals(List.of("by property"), server.messagesOf("by-option"));
    }

    @Test
    void aVariableThatKubernetesSetsForAServiceOfThatNameIsNotTakenForANumber() throws Exception {
        environment.put("COUNTERSIGN_RETRY_FOR", "tcp://10.0.0.1:8000");
        environment.put("COUNTERSIGN_MSG", "tcp://10.0.0.1:8000");

        assertEquals(0, run(TERMINAL, "--id=in-a-pod"), this::complaint);

        assertEquals(List.of("tcp://10.0.0.1:8000"), server.messagesOf("in-a-pod"));
    }

    @Test
    void aFlagCanBeAPropertyToo() {
        properties.put("show.code", "true");

        run(TERMINAL, "hi");

        assertTrue(printed().contains("code: "), printed());
    }

    @Test
    void aPropertysDollarsAreText() throws Exception {
        properties.put("msg", "${sys:user.home} $$5");

        assertEquals(0, run(TERMINAL, "--id=dollars"));

        assertEquals(List.of("${sys:user.home} $$5"), server.messagesOf("dollars"));
    }

    @Test
    void helpAndVersionNeedNoServer() {
        assertEquals(0, run(TERMINAL, "--help"));
        assertTrue(printed().contains("--register-port") && printed().contains("COUNTERSIGN_"), printed());
        out.reset();

        assertEquals(0, run(TERMINAL, "--version"));
        assertTrue(printed().matches("Countersign \\d+\\.\\d+.*\n"), printed());
    }

    private int run(InputStream in, String... arguments) {
        err.reset();
        return Main.commandLine(in, out, err, properties::get, environment::get, terminals::contains)
                .execute(arguments);
    }

    private void scripted(ScriptedServer scripted) {
        environment.put("COUNTERSIGN_REGISTER_PORT", Integer.toString(scripted.port()));
        environment.put("COUNTERSIGN_MESSAGE_PORT", Integer.toString(scripted.port()));
    }

    private String printed() {
        return out.toString(UTF_8);
    }

    private String complaint() {
        return err.toString(UTF_8);
    }

    private static InputStream input(String text) {
        return new ByteArrayInputStream(text.getBytes(UTF_8));
    }

    private static String codeIn(Path file) throws IOException {
        return Members.parse(Files.readAllBytes(file)).text("code").orElseThrow();
    }

    private static List<Path> filesIn(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.toList();
        }
    }
}
