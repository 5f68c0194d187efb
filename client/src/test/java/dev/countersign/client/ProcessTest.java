package dev.countersign.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.countersign.web.CountersignServer;
import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The command line in a JVM of its own, where the locale, the exit code and the log's settings are the real ones. */
@Timeout(60)
class ProcessTest {

    private static final Path WEB = jarOf(CountersignServer.class);
    private static final String LOGBACK = "logback";
    private static final Path LOCKS = Path.of("/proc/locks");

    @TempDir
    private Path folder;

    @Test
    void textIsUtf8WhateverTheLocaleIs() throws Exception {
        String text = "Grüße \uD83D\uDE00";
        Files.writeString(folder.resolve("in"), text + "\n");
        try (RealServer server = new RealServer(folder.resolve("home"))) {

            int exitCode = run(
                    "--stdin",
                    "--id=posix",
                    "--register-port=" + server.registerPort(),
                    "--message-port=" + server.messagePort());

            assertEquals(0, exitCode);
            assertEquals(List.of(text), server.messagesOf("posix"));
        }
    }

    @Test
    void nothingIsSaidButTheIdAndTheReceipt() throws Exception {
        Files.writeString(folder.resolve("in"), "");
        try (ScriptedServer server = new ScriptedServer(ScriptedServer.registered("code"), ScriptedServer.logged(42))) {

            assertEquals(
                    0, run("--id=alice", "--register-port=" + server.port(), "--message-port=" + server.port(), "hi"));

            assertEquals(
                    "id: alice\nreceipt: 42, time: 2026-11-22T19:26:55.071200Z\n",
                    Files.readString(folder.resolve("out")));
            assertEquals("", complaint());
        }
    }

    @Test
    void whatAServerSaysIsShownInUtf8WhateverTheLocaleIs() throws Exception {
        Files.writeString(folder.resolve("in"), "hi\n");
        try (ScriptedServer server = new ScriptedServer(ScriptedServer.answer(
                "403 Forbidden\r\nContent-Type: application/problem+json",
                "{\"type\":\"urn:countersign:problem:wrong-code\",\"title\":\"Größer\"}"))) {

            int exitCode = run("--stdin", "--register-port=" + server.port());

            assertEquals(1, exitCode);
            assertEquals("refused: 403 Größer\n", complaint());
        }
    }

    @Test
    void whoStopsItIsToldWhichLinesAreLogged() throws Exception {
        CountDownLatch never = new CountDownLatch(1);
        try (ScriptedServer server = new ScriptedServer(
                ScriptedServer.registered("code"),
                ScriptedServer.loggedAll(1, 1),
                ScriptedServer.loggedAll(2, 1),
                (out, closed) -> never.await())) {
            String line = "x".repeat(900) + "\n";
            Files.writeString(folder.resolve("in"), line.repeat(9));
            Process command = start(
                    classPathWithout(LOGBACK),
                    "--stdin",
                    "--max-body=1024",
                    "--register-port=" + server.port(),
                    "--message-port=" + server.port());
            server.awaitRequests(4);

            command.destroy();

            assertEquals(143, command.waitFor());
            assertEquals("stopped: lines 1 to 2 are logged, line 3 may be, nothing after that was sent\n", complaint());
        }
    }

    @Test
    void theExitCodeIsThePrograms() throws Exception {
        Files.writeString(folder.resolve("in"), "");

        assertEquals(2, run());

        assertTrue(complaint().startsWith("nothing to send"), complaint());
    }

    @Test
    void noLogShowsACode() throws Exception {
        Files.writeString(folder.resolve("in"), "");
        try (RealServer server = new RealServer(folder.resolve("home"))) {

            int exitCode = start(
                            classPathWith(LOGBACK),
                            "--id=watched",
                            "--credentials=" + folder.resolve("watched"),
                            "--register-port=" + server.registerPort(),
                            "--message-port=" + server.messagePort(),
                            "hi")
                    .waitFor();

            String code = Members.parse(Files.readAllBytes(folder.resolve("watched")))
                    .text("code")
                    .orElseThrow();
            String log = Files.readString(folder.resolve("out"));
            assertEquals(0, exitCode, log);
            assertTrue(log.contains("DEBUG org.apache.hc.client5"), log); // as Logback has it without settings
            assertFalse(log.contains(code), log);
        }
    }

    @Test
    void ofFourThatMakeOneFileOfCredentialsAllSendAsTheWinnersClient() throws Exception {
        Files.writeString(folder.resolve("in"), "");
        Path credentials = folder.resolve("credentials");
        try (RealServer server = new RealServer(folder.resolve("home"))) {
            List<Process> racing = new ArrayList<>();
            for (int n = 1; n <= 4; n++) {
                racing.add(start(
                        classPathWithout(LOGBACK),
                        "--id=racing",
                        "--credentials=" + credentials,
                        "--register-port=" + server.registerPort(),
                        "--message-port=" + server.messagePort(),
                        "from " + n));
            }
            for (Process process : racing) {
                assertEquals(0, process.waitFor(), complaint());
            }

            assertEquals(Set.of("from 1", "from 2", "from 3", "from 4"), Set.copyOf(server.messagesOf("racing")));
            try (Stream<Path> files = Files.list(folder)) {
                assertEquals(
                        Set.of("in", "out", "err", "home", "credentials"),
                        files.map(file -> file.getFileName().toString()).collect(Collectors.toSet()));
            }
        }
    }

    @Test
    void whoWaitedForALockFileThatIsRemovedByNowWaitsForTheOneInItsPlace() throws Exception {
        assumeTrue(Files.exists(LOCKS), "Linux");
        Files.writeString(folder.resolve("in"), "");
        Path credentials = Files.writeString(folder.resolve("credentials"), "{\"id\":\"me\",\"code\":\"first\"}");
        Files.setPosixFilePermissions(credentials, PosixFilePermissions.fromString("rw-------"));
        Path lockFile = folder.resolve(".credentials.lock");
        FileChannel earlier = locked(lockFile);
        try (ScriptedServer server = new ScriptedServer(ScriptedServer.registered("third"))) {
            Process waiting = start(
                    classPathWithout(LOGBACK),
                    "--rotate",
                    "--credentials=" + credentials,
                    "--register-port=" + server.port());
            awaitWaiting(waiting, lockFile);
            Files.delete(lockFile); // by the earlier one, at its end
            FileChannel other = locked(lockFile);
            earlier.close();
            awaitWaiting(waiting, lockFile);
            Files.writeString(credentials, "{\"id\":\"me\",\"code\":\"second\"}");
            Files.delete(lockFile);
            other.close();

            assertEquals(0, waiting.waitFor(), complaint());
            assertEquals(List.of("{\"id\":\"me\",\"code\":\"second\"}"), server.requests());
        }
    }

    /** As a command holds it that works on the file. */
    private static FileChannel locked(Path lockFile) throws IOException {
        FileChannel lock = FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
        lock.lock();
        lock.write(ByteBuffer.allocate(1));
        return lock;
    }

    private static void awaitWaiting(Process process, Path lockFile) throws IOException {
        Pattern waiting = Pattern.compile(
                "-> POSIX .* " + process.pid() + " .*:" + Files.getAttribute(lockFile, "unix:ino") + " ");
        while (!waiting.matcher(Files.readString(LOCKS)).find()) {
            assertTrue(process.isAlive(), "it did not wait");
        }
    }

    @Test
    void theNameOfTheFileOfCredentialsIsFlushedLikeItsContent() throws Exception {
        assumeTrue(canTrace(), "strace");
        Files.writeString(folder.resolve("in"), "");
        try (ScriptedServer server = new ScriptedServer(ScriptedServer.registered("code"), ScriptedServer.logged(1))) {
            Path trace = folder.resolve("trace");
            List<String> command =
                    new ArrayList<>(List.of("strace", "-f", "-e", "trace=rename,openat,fsync", "-o", trace.toString()));
            command.addAll(command(
                    classPathWithout(LOGBACK),
                    "--credentials=" + folder.resolve("credentials"),
                    "--register-port=" + server.port(),
                    "--message-port=" + server.port(),
                    "hi"));

            assertEquals(0, start(command).waitFor(), complaint());

            String calls = Files.readString(trace);
            String name = Pattern.quote(folder.resolve("credentials").toString());
            assertTrue(
                    Pattern.compile("rename\\(.*, \"" + name + "\"\\) += 0\n"
                                    + "(?:.*\n)*?.*openat\\(.*, \"" + Pattern.quote(folder.toString())
                                    + "\", O_RDONLY.*\\) += (\\d+)\n"
                                    + "(?:.*\n)*?.*fsync\\(\\1\\) += 0\n")
                            .matcher(calls)
                            .find(),
                    calls);
        }
    }

    private boolean canTrace() throws InterruptedException {
        try {
            return new ProcessBuilder("strace", "-o", folder.resolve("trace").toString(), "true")
                            .start()
                            .waitFor()
                    == 0;
        } catch (IOException e) {
            return false;
        }
    }

    private int run(String... arguments) throws Exception {
        return start(classPathWithout(LOGBACK), arguments).waitFor();
    }

    private Process start(String classPath, String... arguments) throws IOException {
        return start(command(classPath, arguments));
    }

    private static List<String> command(String classPath, String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                classPath,
                Main.class.getName()));
        command.addAll(List.of(arguments));
        return command;
    }

    private Process start(List<String> command) throws IOException {
        ProcessBuilder process = new ProcessBuilder(command)
                .redirectInput(folder.resolve("in").toFile())
                .redirectOutput(folder.resolve("out").toFile())
                .redirectError(folder.resolve("err").toFile());
        process.environment().put("LC_ALL", "C");
        return process.start();
    }

    /** As a program may have it that uses the library. */
    private static String classPathWith(String jar) {
        assertTrue(System.getProperty("java.class.path").contains(jar));
        return classPath(entry -> true);
    }

    /** As the command line has it. */
    private static String classPathWithout(String jar) {
        return classPath(entry -> !entry.contains(jar));
    }

    /** Without the server's module, which has log settings of its own. */
    private static String classPath(Predicate<String> filter) {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !Path.of(entry).equals(WEB) && filter.test(entry))
                .collect(Collectors.joining(File.pathSeparator));
    }

    private static Path jarOf(Class<?> type) {
        try {
            return Path.of(
                    type.getProtectionDomain().getCodeSource().getLocation().toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    private String complaint() throws IOException {
        return Files.readString(folder.resolve("err"), UTF_8);
    }
}
