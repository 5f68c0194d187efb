package dev.countersign.web;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.Home;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.RandomAccessFile;
import java.io.StringWriter;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server is killed again and again while it erases what one id has sent, and another id sends. Some rounds, or more:
 *
 * <pre>mvn -pl web -am test -Dtest=EraseTest -Dsurefire.failIfNoSpecifiedTests=false -Derase.rounds=100</pre>
 *
 * {@code -Derase.seed} repeats what is drawn at random; the threads' schedule differs.
 */
final class EraseTest {

    private static final int ROUNDS = Integer.getInteger("erase.rounds", 3);
    private static final long SEED = Long.getLong("erase.seed", System.nanoTime());
    private static final int REQUESTS = 30; // each fills a file
    private static final int LATEST_MOMENT_MILLIS = 100;
    private static final String SECRET = "a secret of alice's";

    private final Random random = new Random(SEED);
    private final Map<String, String> codes = new HashMap<>();
    private final Map<String, LoggedMessage> sent = new ConcurrentHashMap<>(); // by receipt: what was acknowledged

    @TempDir
    private Path home;

    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void ofAServerThatIsKilledWhileItErasesEachMessageIsErasedOrWholeAndAtLastNoByteIsLeft() throws Exception {
        int halfErased = 0;
        for (int round = 0; round < ROUNDS; round++) {
            try (ServerProcess server = start(random.nextBoolean())) {
                halfErased += check();
                fill(server.service());
                CompletableFuture<Void> erasing = CompletableFuture.runAsync(() -> run("erase", "alice"));
                CompletableFuture<Void> sending = CompletableFuture.runAsync(() -> sendUntilItEnds(server.service()));
                if (round == 0 || random.nextBoolean()) {
                    awaitFirstFile(erasing);
                } else {
                    assertFalse(server.endsWithin(random.nextInt(LATEST_MOMENT_MILLIS)), "ended by itself");
                }
                server.kill();
                erasing.join();
                sending.join();
            }
        }
        try (ServerProcess server = start(false)) {
            halfErased += check();
            server.service().send("bob", codes.get("bob"), "the last");
            String out = run("erase", "alice");
            assertTrue(out.matches("0 erased \\d+ messages of alice\n"), out);
            assertEquals("0 erased 0 messages of alice\n", run("erase", "alice"));
            assertNoByteIsLeft();
            server.kill();
        }
        try (ServerProcess server = start(false)) {
            check();
            assertNoByteIsLeft();
            String log = Files.readString(home.resolve("logs/server.log"));
            String user = System.getProperty("user.name");
            assertTrue(log.contains("INFO  erasing the messages of the id alice for the user " + user + "\n"), log);
            assertTrue(
                    log.lines()
                            .anyMatch(line ->
                                    line.matches("20\\S+Z INFO  erased \\d+ messages of the id alice for the user "
                                            + user + "; unread: \\[\\]")),
                    log);
            assertEquals(143, server.stop());
        }
        assertNoByteIsLeft();
        System.out.printf(
                Locale.ROOT,
                "erase test, seed %d: %d kills, %d of them with a part erased; %d messages acknowledged%n",
                SEED,
                ROUNDS,
                halfErased,
                sent.size());
    }

    @Test
    @Timeout(value = 2, unit = TimeUnit.MINUTES)
    void aServerThatIsToldToStopWhileItErasesStopsAsEver() throws Exception {
        Path log = home.resolve("logs/server.log");
        try (ServerProcess server = start(false)) {
            try (RandomAccessFile hole =
                    new RandomAccessFile(home.resolve("logs/messages.jsonl.1").toFile(), "rw")) {
                hole.setLength(1L << 36); // takes a minute or more to read, and no room
            }
            CompletableFuture<String> erasing = CompletableFuture.supplyAsync(() -> run("erase", "alice"));
            while (!Files.readString(log).contains("erasing the messages")) {
                Thread.sleep(20);
            }

            assertEquals(143, server.stop());
            assertEquals("1 countersign: the server stops; erase again when it runs\n", erasing.get());
        }
        List<String> lines = Files.readAllLines(log);
        assertTrue(lines.get(lines.size() - 1).endsWith("INFO  stopped"), lines.toString());
        assertTrue(
                lines.stream().noneMatch(line -> line.contains(" WARN ") || line.contains(" ERROR ")),
                lines.toString());
    }

    @Test
    @Timeout(value = 1, unit = TimeUnit.MINUTES)
    void whatTheIdHasSentIsGoneAndTheIdAndItsKeysAreAsBefore() throws IOException {
        try (CountersignServer server = CountersignServer.start(Home.open(home), Settings.local())) {
            Service service = Service.of(server);
            String code = service.register("alice");
            Answer others = service.send("bob", service.register("bob"), "of another");
            service.send("alice", code, SECRET);
            String first = keyed(service, code).text();

            assertEquals("0 erased 2 messages of alice\n", run("erase", "alice"));

            String verified = run("verify");
            assertTrue(verified.startsWith("0 "), verified);
            String log = CommandsTest.runAt(home, "log").out();
            assertTrue(log.contains(others.member("time") + " bob of another\n"), log);
            assertEquals(
                    2, log.lines().filter(line -> line.endsWith("Z (erased)")).count(), log);
            Answer repeated = keyed(service, code);
            assertEquals(200, repeated.status());
            assertEquals(first, repeated.text());
            assertEquals(201, service.send("alice", code, "one more").status());
            assertEquals("0 erased 1 messages of alice\n", run("erase", "alice"));
            assertEquals("0 erased 0 messages of alice\n", run("erase", "alice"));
        }
        assertNoByteIsLeft();
    }

    @Test
    @Timeout(value = 1, unit = TimeUnit.MINUTES)
    void aFileThatCanNotBeReadIsNamed() throws IOException {
        CountersignServer server = CountersignServer.start(Home.open(home), Settings.local());
        try (server) {
            Files.writeString(home.resolve("logs/messages.jsonl.1.xz"), "packed by something else");

            assertEquals(
                    "1 erased 0 messages of alice\ncountersign: messages of alice may be left in: messages.jsonl.1.xz: by its"
                            + " name it is no file of the log\n",
                    run("erase", "alice"));
        }
    }

    private static Answer keyed(Service service, String code) throws IOException {
        return Service.exchange(Service.request(service.messagePort(), "/message")
                .header("Content-Type", "application/json")
                .header("Idempotency-Key", "k")
                .POST(BodyPublishers.ofString(Json.message("alice", code, SECRET))));
    }

    private ServerProcess start(boolean compresses) throws IOException {
        return ServerProcess.start(home, "--roll-size=65536", "--compress-rolled=" + compresses);
    }

    /** Files in which alice's and bob's messages stand next to each other. */
    private void fill(Service service) throws IOException {
        for (String id : List.of("alice", "bob")) {
            if (!codes.containsKey(id)) {
                codes.put(id, service.register(id));
            }
        }
        for (int i = 0; i < REQUESTS; i++) {
            send(
                    service,
                    "alice",
                    IntStream.range(0, 1 + random.nextInt(20))
                            .mapToObj(part -> SECRET + " "
                                    + Long.toHexString(random.nextLong()).repeat(random.nextInt(150)))
                            .toList());
            send(service, "bob", List.of("of bob " + i, "\"id\":\"alice\" " + "x".repeat(30_000)));
        }
    }

    /** Returns when a file has been written anew, and most others have not. */
    private void awaitFirstFile(CompletableFuture<Void> erasing) {
        Path unfinished = home.resolve("logs/messages.gz.new");
        for (boolean isAwaited : new boolean[] {true, false}) {
            while (!erasing.isDone() && Files.exists(unfinished) != isAwaited) {
                Thread.onSpinWait();
            }
        }
    }

    private void sendUntilItEnds(Service service) {
        try {
            for (int i = 0; ; i++) {
                send(service, "bob", List.of("meanwhile " + i));
            }
        } catch (IOException e) {
            // killed
        }
    }

    private void send(Service service, String id, List<String> texts) throws IOException {
        Answer answer = service.postMessage(Json.messages(id, codes.get(id), texts));
        assertEquals(201, answer.status(), answer::text);
        for (int i = 0; i < texts.size(); i++) {
            String receipt = answer.json().required("receipts").get(i).stringValue();
            sent.put(receipt, new LoggedMessage(receipt, answer.member("time"), id, texts.get(i)));
        }
    }

    /**
     * All that was acknowledged is there once: whole, or erased where it is alice's. Nothing else is, but for what bob got no
     * answer to.
     *
     * @return 1 where some of alice's is erased and some is not
     */
    private int check() throws IOException {
        String verified = run("verify");
        assertTrue(verified.startsWith("0 "), verified);
        Map<String, String> lines = new HashMap<>();
        for (Path file : LoggedMessage.files(home)) {
            for (String line : LoggedMessage.lines(file, UTF_8)) {
                String receipt = Json.parse(line).required("receipt").stringValue();
                assertTrue(lines.getOrDefault(receipt, line).equals(line), line);
                lines.put(receipt, line);
            }
        }
        Set<String> missing = new HashSet<>(sent.keySet());
        missing.removeAll(lines.keySet());
        assertEquals(Set.of(), missing);
        Set<Boolean> erased = new HashSet<>();
        lines.forEach((receipt, line) -> {
            LoggedMessage message = sent.get(receipt);
            boolean isErased = line.endsWith("\",\"erased\":true}");
            if (message == null) {
                assertTrue(line.contains("\",\"id\":\"bob\""), line);
            } else if (isErased) {
                assertEquals("alice", message.id());
                assertEquals(message.time(), Json.parse(line).required("time").stringValue());
            } else {
                LoggedMessage logged = LoggedMessage.parse(line);
                assertEquals(message, new LoggedMessage(receipt, logged.time(), logged.id(), logged.message()));
            }
            if (message != null && message.id().equals("alice")) {
                erased.add(isErased);
            }
        });
        return erased.size() / 2;
    }

    private void assertNoByteIsLeft() throws IOException {
        List<Path> searched = new ArrayList<>();
        try (Stream<Path> all = Files.walk(home)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                searched.add(home.relativize(file));
                assertFalse(new String(Files.readAllBytes(file), ISO_8859_1).contains(SECRET), file.toString());
                if (file.toString().endsWith(".gz")) {
                    try (InputStream packed = new GZIPInputStream(Files.newInputStream(file))) {
                        assertFalse(new String(packed.readAllBytes(), ISO_8859_1).contains(SECRET), file.toString());
                    }
                }
            }
        }
        assertTrue(searched.contains(Path.of("data/messages.journal")), searched.toString());
    }

    /** Exit code and output of a command. */
    private String run(String command, String... arguments) {
        StringWriter out = new StringWriter();
        List<String> all = new ArrayList<>(List.of(command, "--home=" + home));
        all.addAll(List.of(arguments));
        int exitCode = Main.commandLine()
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(out, true))
                .execute(all.toArray(String[]::new));
        return exitCode + " " + out;
    }
}
