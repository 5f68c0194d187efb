package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.countersign.core.Home;
import dev.countersign.core.LogSettings;
import dev.countersign.core.StoreSettings;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * A log whose files roll, are packed and removed, each few hundred messages, under load. {@code -Droll.rounds} does each
 * act, and makes backups, more often.
 */
@Timeout(value = 10, unit = TimeUnit.MINUTES)
final class RollTest {

    private static final int ROUNDS = Integer.getInteger("roll.rounds", 3);
    private static final int ROLL_BYTES = 64 * 1024;
    private static final LogSettings ROLLING = rolling(ROLL_BYTES, 0, false);
    private static final LogSettings REMOVING = rolling(ROLL_BYTES, 10 * ROLL_BYTES, false);
    private static final int CLIENTS = 8;
    private static final int PATIENCE_SECONDS = 120;

    @RegisterExtension
    static final Proof PROOF = new Proof(
            "OTHERS_HANDS",
            "log renamed, removed, cut, edited and rotated while its files roll, with the server up and stopped",
            "mvn -pl web test -Dtest=RollTest -Droll.rounds=" + ROUNDS);

    @TempDir
    private Path home;

    private interface Act {
        void run() throws Exception;
    }

    /** What somebody does to the active file. */
    private enum Hand {
        RENAMES,
        REMOVES,
        COPIES_AND_TRUNCATES,
        APPENDS,
        SAVES,
        ROTATES,
        ROTATES_BY_COPYTRUNCATE
    }

    /** What may take away, besides, what the server appends between two steps of it. */
    private static final Set<Hand> WITH_WINDOW =
            EnumSet.of(Hand.COPIES_AND_TRUNCATES, Hand.SAVES, Hand.ROTATES_BY_COPYTRUNCATE);

    /** After which verify is right to complain: of somebody's line, or of a copy that ends within a line. */
    private static final Set<Hand> DAMAGING = EnumSet.of(Hand.APPENDS, Hand.SAVES, Hand.ROTATES_BY_COPYTRUNCATE);

    @Test
    void eachMessageIsInTheFilesOnceInOrderOfTheirNames() throws Exception {
        List<SendingClient> clients = clients();
        try (CountersignServer server = start(ROLLING)) {
            sendDuring(clients, server, () -> awaitFiles(10));
        }

        List<LoggedMessage> log = LoggedMessage.readAll(home);
        Ledger.of(clients, log).assertKept();
        assertReceiptsFrom(1, log);
        List<String> lines = new ArrayList<>();
        for (Path file : LoggedMessage.files(home)) {
            List<String> own = Files.readAllLines(file);
            if (!file.equals(LoggedMessage.file(home))) {
                String name = String.format(
                        Locale.ROOT, "messages-%019d-%019d.jsonl", lines.size() + 1, lines.size() + own.size());
                assertEquals(name, file.getFileName().toString());
                assertTrue(Files.size(file) >= ROLL_BYTES, name);
            }
            lines.addAll(own);
        }
        assertEquals(
                lines, CommandsTest.runAt(home, "log", "--raw").out().lines().toList());
        assertVerified(home);
        assertStartsAbove(log.size());
        assertVerified(home);
    }

    @Test
    void readersThatFollowSeeEachLineOnceAcrossRollsAndPacking() throws Exception {
        LogSettings packing = rolling(4 * ROLL_BYTES, 0, true);
        start(packing).close();
        Process following = new ProcessBuilder(
                        ServerProcess.command("log", "--home=" + home, "--follow", "--raw", "--from-receipt=1"))
                .redirectErrorStream(true)
                .start();
        List<String> followed = new ArrayList<>();
        try (LogReader tail = LogReader.tail(LoggedMessage.file(home));
                LogReader byInode = LogReader.byInode(LoggedMessage.file(home));
                BufferedReader output = following.inputReader(LogReader.BYTES)) {
            List<SendingClient> clients = clients();
            try (CountersignServer server = start(packing)) {
                sendDuring(clients, server, () -> awaitFiles(6));
            }
            List<String> lines = new ArrayList<>();
            for (Path file : LoggedMessage.files(home)) {
                lines.addAll(LoggedMessage.lines(file, LogReader.BYTES));
            }
            while (followed.size() < lines.size()) {
                followed.add(output.readLine());
            }
            assertEquals(lines, followed);
            for (LogReader each : List.of(tail, byInode)) {
                each.awaitLine(lines.get(lines.size() - 1));
                each.assertSaw(Set.copyOf(lines));
                assertEquals(lines.size(), each.linesRead(), "lines, each once");
            }
        } finally {
            following.destroyForcibly().waitFor();
        }
        assertTrue(
                Files.list(home.resolve("logs"))
                        .anyMatch(each -> each.toString().endsWith(".gz")),
                "not packed");
    }

    @Test
    void whatIsKeptIsAllOfTheNewestAndTheOldestGo() throws Exception {
        List<SendingClient> clients = clients();
        try (CountersignServer server = start(REMOVING)) {
            sendDuring(clients, server, () -> {
                for (int i = 0; i < ROUNDS; i++) {
                    awaitRemoval();
                    assertVerified(home);
                }
            });
        }

        List<LoggedMessage> log = LoggedMessage.readAll(home);
        int first = Integer.parseInt(log.get(0).receipt());
        assertTrue(first > 1, "nothing was removed");
        assertReceiptsFrom(first, log);
        assertHas(
                log,
                clients.stream()
                        .flatMap(client -> client.acknowledged().stream())
                        .filter(each -> Integer.parseInt(each.receipt()) >= first)
                        .toList());
        assertStartsAbove(first + log.size() - 1);
        assertVerified(home);
    }

    @Test
    void aBackupWhileFilesRollAndGoHasWhatWasAcknowledgedAndStarts() throws Exception {
        List<SendingClient> clients = clients();
        // the newest and some that are packed: were it less, each file would go as soon as it is sealed
        try (CountersignServer server = start(rolling(ROLL_BYTES, ROLL_BYTES * 5 / 4, true))) {
            sendDuring(clients, server, () -> {
                awaitRemoval();
                for (int i = 0; i < ROUNDS; i++) {
                    List<LoggedMessage> before = clients.stream()
                            .flatMap(client -> client.snapshot().stream())
                            .toList();
                    Path copy = home.resolve("copy-" + i);

                    CommandsTest.Outcome backup = CommandsTest.runAt(home, "backup", copy.toString());

                    assertEquals(0, backup.exitCode(), backup.err());
                    assertVerified(copy);
                    List<LoggedMessage> log = LoggedMessage.readAll(copy);
                    int first = Integer.parseInt(log.get(0).receipt());
                    assertReceiptsFrom(first, log);
                    List<LoggedMessage> due = before.stream()
                            .filter(each -> Integer.parseInt(each.receipt()) >= first)
                            .toList();
                    Set<LoggedMessage> lost = new HashSet<>(due);
                    log.forEach(lost::remove);
                    PROOF.lookedFor(due.size(), lost.size(), Ledger.doubled(log));
                    assertEquals(Set.of(), lost, "lost");
                    assertStarts(
                            copy,
                            first + log.size(),
                            Optional.of(before.get(before.size() - 1).id()));
                    assertVerified(copy);
                    delete(copy);
                }
            });
        }
    }

    @ParameterizedTest
    @EnumSource
    void underLoadOthersHandsTakeNoMoreThanTheyTakeAndStopNothing(Hand hand) throws Exception {
        List<SendingClient> clients = clients();
        try (CountersignServer server = start(ROLLING)) {
            sendDuring(clients, server, () -> {
                for (int i = 0; i < ROUNDS; i++) {
                    awaitFiles(LoggedMessage.files(home).size() + 1);
                    use(hand, i);
                }
                awaitFiles(LoggedMessage.files(home).size() + 2);
            });
        }
        assertTakenOnly(hand, clients);
        if (!DAMAGING.contains(hand)) {
            assertVerified(home);
        }
    }

    @ParameterizedTest
    @EnumSource
    void whileTheServerIsStoppedOthersHandsTakeNoMoreThanTheyTakeAndTheNextStarts(Hand hand) throws Exception {
        List<SendingClient> clients = clients();
        for (int i = 0; i < 2; i++) {
            try (CountersignServer server = start(ROLLING)) {
                sendDuring(clients, server, () -> {
                    int files = LoggedMessage.files(home).size();
                    awaitFiles(files + 2);
                });
            }
            use(hand, i);
        }
        try (CountersignServer server = start(ROLLING)) {
            sendDuring(
                    clients, server, () -> awaitFiles(LoggedMessage.files(home).size() + 1));
        }
        assertTakenOnly(hand, clients);
        if (!DAMAGING.contains(hand)) {
            assertVerified(home);
        }
    }

    /** logrotate itself runs once at a time. */
    @ParameterizedTest
    @EnumSource(
            mode = EnumSource.Mode.EXCLUDE,
            names = {"ROTATES", "ROTATES_BY_COPYTRUNCATE"})
    void twiceAtOnceOthersHandsTakeNoMoreThanTheyTakeAndStopNothing(Hand hand) throws Exception {
        List<SendingClient> clients = clients();
        ExecutorService other = Executors.newSingleThreadExecutor();
        try (CountersignServer server = start(ROLLING)) {
            sendDuring(clients, server, () -> {
                for (int i = 0; i < ROUNDS; i++) {
                    awaitFiles(LoggedMessage.files(home).size() + 1);
                    int number = 2 * i;
                    Future<?> atOnce = other.submit(() -> {
                        use(hand, number);
                        return null;
                    });
                    use(hand, number + 1);
                    atOnce.get();
                }
                awaitFiles(LoggedMessage.files(home).size() + 2);
            });
        } finally {
            other.shutdown();
        }
        assertTakenOnly(hand, clients);
        if (!DAMAGING.contains(hand) && hand != Hand.COPIES_AND_TRUNCATES) { // one may empty what was just set aside
            assertVerified(home);
        }
    }

    private void use(Hand hand, int number) throws Exception {
        Path taken = home.resolve("taken-" + number);
        switch (hand) {
            case RENAMES -> onActive(log -> Files.move(log, taken));
            case REMOVES ->
                onActive(log -> {
                    link(taken, log);
                    Files.delete(log);
                });
            case APPENDS -> onActive(log -> Files.writeString(log, "somebody was here\n", StandardOpenOption.APPEND));
            case SAVES ->
                onActive(log -> {
                    link(taken, log);
                    Path saved = home.resolve("saved-" + number);
                    Files.copy(log, saved, StandardCopyOption.REPLACE_EXISTING);
                    Files.move(saved, log, StandardCopyOption.ATOMIC_MOVE);
                });
            case COPIES_AND_TRUNCATES ->
                onActive(log -> {
                    try (FileChannel file = FileChannel.open(log, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
                        try (FileChannel copy = FileChannel.open(
                                taken,
                                StandardOpenOption.WRITE,
                                StandardOpenOption.CREATE,
                                StandardOpenOption.TRUNCATE_EXISTING)) {
                            file.transferTo(0, file.size(), copy);
                        }
                        file.truncate(0);
                    }
                });
            case ROTATES -> rotate("create 0600\ncompress");
            case ROTATES_BY_COPYTRUNCATE -> rotate("copytruncate");
        }
        PROOF.harmed(1);
    }

    /** Another name for the same file. */
    private static void link(Path name, Path file) throws IOException {
        Files.deleteIfExists(name);
        Files.createLink(name, file);
    }

    private interface OnFile {
        void use(Path log) throws IOException;
    }

    /** Where the server is just renaming it, on the next. */
    private void onActive(OnFile use) throws IOException {
        while (true) {
            try {
                use.use(LoggedMessage.file(home));
                return;
            } catch (NoSuchFileException e) {
                Thread.onSpinWait();
            }
        }
    }

    private void rotate(String how) throws IOException, InterruptedException {
        assumeTrue(Logrotate.isInstalled(), "logrotate is not installed");
        Logrotate.rotate(home, how);
    }

    /** No receipt names two messages, none is logged twice, and only what lies between a copy and its cut is missing. */
    private void assertTakenOnly(Hand hand, List<SendingClient> clients) throws IOException {
        Map<String, LoggedMessage> byReceipt = new HashMap<>();
        try (Stream<Path> files = Stream.concat(Files.list(home), Files.list(home.resolve("logs")))) {
            for (Path file : files.filter(each -> each.getFileName().toString().matches("(taken|messages).*"))
                    .toList()) {
                for (String line : LoggedMessage.wholeLines(file)) {
                    if (!line.startsWith("{")) {
                        continue; // somebody's
                    }
                    LoggedMessage message = LoggedMessage.parse(line);
                    LoggedMessage other = byReceipt.putIfAbsent(message.receipt(), message);
                    assertTrue(other == null || other.equals(message), () -> "one receipt, two: " + message + other);
                }
            }
        }
        long due = 0;
        TreeSet<Integer> missing = new TreeSet<>();
        for (SendingClient client : clients) {
            for (LoggedMessage acknowledged : client.acknowledged()) {
                due++;
                LoggedMessage found = byReceipt.get(acknowledged.receipt());
                if (found == null) {
                    missing.add(Integer.parseInt(acknowledged.receipt()));
                } else {
                    assertEquals(acknowledged, found);
                }
            }
        }
        long gaps = missing.stream().filter(each -> !missing.contains(each - 1)).count();
        boolean isLost = WITH_WINDOW.contains(hand) ? gaps > 2 * ROUNDS : !missing.isEmpty();
        long doubled = Ledger.doubled(List.copyOf(byReceipt.values()));
        long cut = isLost ? 0 : missing.size(); // by the hand, between its copy and its cut
        PROOF.lookedFor(due - cut, missing.size() - cut, doubled);
        assertFalse(isLost, () -> "missing: " + missing);
        assertEquals(0, doubled, "logged twice");
        assertStartsAbove(
                byReceipt.keySet().stream().mapToLong(Long::parseLong).max().orElseThrow());
    }

    private static void assertReceiptsFrom(int first, List<LoggedMessage> log) {
        assertEquals(
                IntStream.range(first, first + log.size())
                        .mapToObj(Integer::toString)
                        .toList(),
                log.stream().map(LoggedMessage::receipt).toList());
    }

    private static void assertHas(List<LoggedMessage> log, List<LoggedMessage> acknowledged) {
        Set<LoggedMessage> lost = new HashSet<>(acknowledged);
        log.forEach(lost::remove);
        assertEquals(Set.of(), lost, "lost");
    }

    private static LogSettings rolling(long rollBytes, long keepBytes, boolean compresses) {
        long keepFree = StoreSettings.defaults().log().keepFreeBytes();
        return new LogSettings(keepFree, rollBytes, false, keepBytes, 0, compresses, false);
    }

    private CountersignServer start(LogSettings log) {
        return start(home, log);
    }

    private static CountersignServer start(Path home, LogSettings log) {
        StoreSettings all = StoreSettings.defaults();
        StoreSettings store = new StoreSettings(
                all.database(),
                all.topic(),
                all.sync(),
                all.queueSize(),
                all.queueMemoryBytes(),
                all.rememberedKeys(),
                log);
        return CountersignServer.start(
                Home.open(home), new Settings(Settings.local().http(), Engines.of(home, store)));
    }

    private static List<SendingClient> clients() {
        return IntStream.range(0, CLIENTS)
                .mapToObj(i -> new SendingClient("client-" + i + "-"))
                .toList();
    }

    private static void sendDuring(List<SendingClient> clients, CountersignServer server, Act act) throws Exception {
        AtomicBoolean over = new AtomicBoolean();
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        List<Future<Optional<Answer>>> sending = clients.stream()
                .map(client -> threads.submit(() -> client.sendUntil(over::get, Service.of(server))))
                .toList();
        try {
            act.run();
        } finally {
            over.set(true);
            threads.shutdown();
        }
        for (Future<Optional<Answer>> each : sending) {
            assertEquals(Optional.empty(), each.get().map(Answer::text), "refused");
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> all = Files.walk(folder)) {
            for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(each);
            }
        }
    }

    private void awaitFiles(int count) {
        await(() -> files().size() >= count);
    }

    private void awaitRemoval() {
        await(() -> files().size() > 2);
        Path oldest = files().get(0);
        await(() -> !files().get(0).equals(oldest) && !Files.exists(Path.of(oldest + ".gz")));
    }

    private List<Path> files() {
        try {
            return LoggedMessage.files(home);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void await(BooleanSupplier condition) {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.getAsBoolean()) {
            assertTrue(System.nanoTime() < deadline, "not within the time");
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
        }
    }

    private static void assertVerified(Path home) {
        CommandsTest.Outcome verified = CommandsTest.runAt(home, "verify");
        assertEquals(0, verified.exitCode(), verified.out());
        assertFalse(verified.out().contains("WRONG"), verified.out());
    }

    private void assertStartsAbove(long last) throws IOException {
        assertStarts(home, last + 1, Optional.empty());
    }

    private static void assertStarts(Path home, long leastReceipt, Optional<String> registered) throws IOException {
        try (CountersignServer server = start(home, ROLLING)) {
            Service service = Service.of(server);
            for (String id : registered.stream().toList()) {
                assertEquals(409, service.postRegister(Json.registration(id)).status(), id);
            }
            Answer answer = service.send("again", service.register("again"), "hi");
            assertTrue(Long.parseLong(answer.member("receipt")) >= leastReceipt, answer::text);
        }
    }
}
