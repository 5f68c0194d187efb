package dev.countersign.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Kills the server, and the command, at random moments: each text is in the log exactly once, in order, and whoever was
 * getting a new code can go on. Five rounds, or more; {@code -Dcrash.seed} repeats what a rotation's rounds draw:
 *
 * <pre>mvn -pl client -am test -Dtest=ClientCrashTest -Dsurefire.failIfNoSpecifiedTests=false -Dcrash.rounds=100</pre>
 */
@Timeout(value = 1, unit = TimeUnit.HOURS)
class ClientCrashTest {

    private static final int ROUNDS = Integer.getInteger("crash.rounds", 5);
    private static final long SEED = Long.getLong("crash.seed", System.nanoTime());
    private static final int LINES_A_ROUND = 1000;
    private static final int LATEST_MOMENT_MILLIS = 50;

    @RegisterExtension
    static final Proof PROOF = new Proof(
            "KILL",
            "server or client killed; the client sends again, and goes on where it was",
            "mvn -pl client test -Dtest=ClientCrashTest -Dcrash.rounds=" + ROUNDS);

    @TempDir
    private Path folder;

    private int registerPort;
    private int messagePort;

    @Test
    void theCommandLogsEachLineOnceWhicheverSideIsKilled() throws Exception {
        List<String> lines = IntStream.range(0, LINES_A_ROUND * (ROUNDS + 1))
                .mapToObj(n -> "line " + n)
                .toList();
        Files.write(folder.resolve("in"), lines);
        findPorts();
        Process server = startServer();
        Process command = startCommand();
        try {
            for (int round = 1; round <= ROUNDS; round++) {
                awaitLog((long) round * LINES_A_ROUND, command);
                command.waitFor(ThreadLocalRandom.current().nextInt(LATEST_MOMENT_MILLIS), TimeUnit.MILLISECONDS);
                if (round % 2 == 1) {
                    killAtWork(command);
                    command = startCommand();
                } else {
                    killAtWork(server);
                    server = startServer();
                }
            }
            assertEquals(0, command.waitFor(), Files.readString(folder.resolve("err")));
        } finally {
            kill(command);
            kill(server);
        }

        assertLogged(lines, logged("commander"), "");
    }

    @Test
    void theLibraryLogsEachTextOnceThoughTheServerIsKilled() throws Exception {
        findPorts();
        Process server = startServer();
        try (CountersignClient client = CountersignClient.builder()
                .registerPort(registerPort)
                .messagePort(messagePort)
                .maxBodyBytes(1024)
                .retryFor(Duration.ofMinutes(5))
                .build()) {
            Credentials background = client.register("background");
            List<String> texts = IntStream.range(0, LINES_A_ROUND * (ROUNDS + 1))
                    .mapToObj(n -> "text " + n)
                    .toList();
            CompletableFuture<Void> all = CompletableFuture.supplyAsync(() -> texts.stream()
                            .map(text -> client.sendAsync(background, text))
                            .toArray(CompletableFuture[]::new))
                    .thenCompose(CompletableFuture::allOf);
            Credentials shared = client.register("shared");
            List<CompletableFuture<List<String>>> threads = IntStream.range(0, 12)
                    .mapToObj(n -> sendUntil(all, client, shared, n))
                    .toList();

            for (int round = 1; round <= ROUNDS; round++) {
                awaitLog((long) round * LINES_A_ROUND, server);
                server.waitFor(ThreadLocalRandom.current().nextInt(LATEST_MOMENT_MILLIS), TimeUnit.MILLISECONDS);
                killAtWork(server);
                server = startServer();
            }
            all.get();

            assertLogged(texts, logged("background"), "");
            CompletableFuture.allOf(threads.toArray(CompletableFuture[]::new)).get();
            List<String> loggedByThreads = logged("shared");
            int sent = 0;
            for (int n = 0; n < threads.size(); n++) {
                String mine = n + ":";
                List<String> sentByThread = threads.get(n).get();
                sent += sentByThread.size();
                assertLogged(
                        sentByThread,
                        loggedByThreads.stream()
                                .filter(text -> text.startsWith(mine))
                                .toList(),
                        mine);
            }
            assertTrue(sent >= threads.size());
        } finally {
            kill(server);
        }
    }

    @Test
    void aKillAtAnyMomentOfARotationLeavesAClientThatCanGoOn() throws Exception {
        Random random = new Random(SEED);
        findPorts();
        Process server = startServer();
        Path folderOfFile = Files.createDirectory(folder.resolve("rotating"));
        Path file = folderOfFile.resolve("credentials");
        Path lockFile = CredentialsFile.sibling(file, ".lock");
        List<String> texts = new ArrayList<>();
        try (CountersignClient client = CountersignClient.builder()
                .registerPort(registerPort)
                .messagePort(messagePort)
                .build()) {
            CredentialsFile credentials = new CredentialsFile(file);
            credentials.readOrMake(() -> client.register("rotating"));
            for (int round = 1; round <= ROUNDS; round++) {
                long lockLength = lockFile.toFile().length();
                Process command = startRotation(file);
                try {
                    awaitLocked(lockFile, lockLength, command);
                    command.waitFor(random.nextInt(LATEST_MOMENT_MILLIS), TimeUnit.MILLISECONDS);
                    boolean isServerKilled = random.nextBoolean();
                    if (isServerKilled) {
                        killAtWork(server);
                        server = startServer();
                    }
                    if (!isServerKilled || random.nextInt(4) == 0) {
                        killAtWork(command);
                    } else {
                        assertEquals(0, command.waitFor(), () -> seeded(read(folder.resolve("err"))));
                    }
                } finally {
                    kill(command);
                }
                if (random.nextBoolean()) { // else the next rotation finds a code that may not have been used
                    texts.add("round " + round);
                    client.send(credentials.readOrMake(ClientCrashTest::unregistered), texts.get(texts.size() - 1));
                }
            }
            credentials.rotate(client);
            texts.add("end");
            client.send(credentials.readOrMake(ClientCrashTest::unregistered), "end");
        } catch (CountersignException | IOException e) {
            throw new AssertionError(seeded("locked out"), e);
        } finally {
            kill(server);
        }

        assertLogged(texts, logged("rotating"), seeded(""));
        try (Stream<Path> left = Files.list(folderOfFile)) {
            assertEquals(List.of(file), left.toList(), seeded("files with codes are left"));
        }
    }

    /** Each text once, in the order sent. */
    private static void assertLogged(List<String> sent, List<String> logged, String fault) {
        Set<String> texts = new HashSet<>(logged);
        PROOF.lookedFor(
                sent.size(), sent.stream().filter(text -> !texts.contains(text)).count(), logged.size() - texts.size());
        assertEquals(sent, logged, fault);
    }

    private static String seeded(String fault) {
        return "-Dcrash.seed=" + SEED + ": " + fault;
    }

    private static Credentials unregistered() {
        throw new AssertionError("the file has gone");
    }

    /** Until the command works on the file: from then on it may ask for a code and keep it any moment. */
    private static void awaitLocked(Path lockFile, long length, Process command) throws InterruptedException {
        while (lockFile.toFile().length() <= length && !command.waitFor(1, TimeUnit.MILLISECONDS)) {
            // looks again: whoever locks the file makes it longer
        }
    }

    private Process startRotation(Path file) throws IOException {
        return new ProcessBuilder(java(
                        Main.class.getName(),
                        "--rotate",
                        "--credentials=" + file,
                        "--host=127.0.0.1",
                        "--register-port=" + registerPort,
                        "--message-port=" + messagePort))
                .redirectOutput(folder.resolve("out").toFile())
                .redirectError(folder.resolve("err").toFile())
                .start();
    }

    /** What a thread sent, one text after another, until the others are done. */
    private static CompletableFuture<List<String>> sendUntil(
            CompletableFuture<Void> end, CountersignClient client, Credentials sender, int thread) {
        CompletableFuture<List<String>> sent = new CompletableFuture<>();
        new Thread(() -> {
                    List<String> texts = new ArrayList<>();
                    try {
                        do {
                            texts.add(thread + ":" + texts.size());
                            client.send(sender, texts.get(texts.size() - 1));
                        } while (!end.isDone());
                        sent.complete(texts);
                    } catch (CountersignException e) {
                        sent.completeExceptionally(e);
                    }
                })
                .start();
        return sent;
    }

    private void awaitLog(long lines, Process process) throws Exception {
        while (logSize() < lines * 100) { // bytes; a line has some more
            assertTrue(
                    !process.waitFor(1, TimeUnit.MILLISECONDS),
                    () -> "ended by itself: " + read(folder.resolve("err")) + read(folder.resolve("server")));
        }
    }

    private long logSize() throws IOException {
        Path log = folder.resolve("home/logs/messages.jsonl");
        return Files.exists(log) ? Files.size(log) : 0;
    }

    private List<String> logged(String id) throws IOException {
        return RealServer.messagesOf(folder.resolve("home/logs/messages.jsonl"), id);
    }

    private Process startServer() throws IOException {
        Process server = new ProcessBuilder(java(
                        dev.countersign.web.Main.class.getName(),
                        "--home=" + folder.resolve("home"),
                        "--host=127.0.0.1",
                        "--register-port=" + registerPort,
                        "--message-port=" + messagePort))
                .redirectError(folder.resolve("server").toFile())
                .start();
        BufferedReader output = server.inputReader();
        String line = output.readLine();
        while (!line.startsWith("  stop ")) {
            line = output.readLine();
            if (line == null) {
                throw new IOException("the server did not start: " + read(folder.resolve("server")));
            }
        }
        return server;
    }

    private Process startCommand() throws IOException {
        return new ProcessBuilder(java(
                        Main.class.getName(),
                        "--stdin",
                        "--id=commander",
                        "--max-body=1024",
                        "--credentials=" + folder.resolve("credentials"),
                        "--progress=" + folder.resolve("progress"),
                        "--host=127.0.0.1",
                        "--register-port=" + registerPort,
                        "--message-port=" + messagePort))
                .redirectInput(folder.resolve("in").toFile())
                .redirectOutput(folder.resolve("out").toFile())
                .redirectError(folder.resolve("err").toFile())
                .start();
    }

    private static List<String> java(String... arguments) {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1", // these two: up in half the time
                "-XX:+UseSerialGC",
                "-cp",
                Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                        .filter(entry -> !entry.endsWith("test-classes"))
                        .collect(Collectors.joining(File.pathSeparator))));
        command.addAll(List.of(arguments));
        return command;
    }

    private static void killAtWork(Process process) throws InterruptedException {
        PROOF.harmed(process.isAlive() ? 1 : 0);
        kill(process);
    }

    /** Not by onExit(): on JDK 25 that needs a thread of the common pool, and the texts may hold its only one. */
    private static void kill(Process process) throws InterruptedException {
        process.destroyForcibly().waitFor();
    }

    private void findPorts() throws IOException {
        try (ServerSocket one = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                ServerSocket other = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            registerPort = one.getLocalPort();
            messagePort = other.getLocalPort();
        }
    }

    private static String read(Path file) {
        try {
            return Files.exists(file) ? Files.readString(file) : "";
        } catch (IOException e) {
            return e.toString();
        }
    }
}
