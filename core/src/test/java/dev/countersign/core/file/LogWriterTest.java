package dev.countersign.core.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.util.concurrent.TimeUnit.SECONDS;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.spi.ILoggingEvent;
import dev.countersign.core.Appended;
import dev.countersign.core.ClientId;
import dev.countersign.core.GroupCommit;
import dev.countersign.core.Histogram;
import dev.countersign.core.LineText;
import dev.countersign.core.LogFigures;
import dev.countersign.core.LogRange;
import dev.countersign.core.LogSettings;
import dev.countersign.core.MemoryBudget;
import dev.countersign.core.Messages;
import dev.countersign.core.MovableClock;
import dev.countersign.core.Past;
import dev.countersign.core.RequestKey;
import dev.countersign.core.ServerLogEvents;
import dev.countersign.core.StartupException;
import dev.countersign.core.Sync;
import dev.countersign.core.UnavailableException;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The messages on a real disk: what stands in the files, and what a start, a repeat and others' hands make of it. */
class LogWriterTest {

    private static final ClientId ALICE = new ClientId("alice");
    private static final Optional<RequestKey> NO_KEY = Optional.empty();
    private static final GroupCommit.Figures IDLE =
            new GroupCommit.Figures(0, 0, new Histogram(), new Histogram(), new Histogram(), Optional.empty());

    @TempDir
    Path home;

    private MessageFiles files;
    private Clock clock = Clock.systemUTC();
    private long nanos;
    private final LongSupplier nanoTime = () -> nanos;

    @BeforeEach
    void folders() throws IOException {
        Files.createDirectories(home.resolve("data"));
        Files.createDirectories(home.resolve("logs"));
        files = new MessageFiles(
                home.resolve("data/messages.journal"),
                home.resolve("logs/messages.jsonl"),
                Sync.ALWAYS,
                1 << 20,
                800,
                Requests.NEVER_ROLLED);
    }

    @Test
    void aLineSaysReceiptTimeIdKeyPartAndMessage() throws Exception {
        clock = at("2026-11-22T19:26:55.071204Z");
        try (LogWriter log = start(Past.NEW)) {
            log.commit(List.of(
                    Requests.message(ALICE, NO_KEY, "hé \"\n\u202e\u0000"),
                    Requests.messages(ALICE, key("a\"b"), List.of("one", "two"))));
        }
        String time = "\"time\":\"2026-11-22T19:26:55.071204Z\",\"id\":\"alice\"";
        assertEquals(
                List.of(
                        "{\"receipt\":\"1\"," + time + ",\"message\":\"hé \\\"\\u000a\\u202e\\u0000\"}",
                        "{\"receipt\":\"2\"," + time + ",\"key\":\"a\\\"b\",\"part\":\"1/2\",\"message\":\"one\"}",
                        "{\"receipt\":\"3\"," + time + ",\"key\":\"a\\\"b\",\"part\":\"2/2\",\"message\":\"two\"}"),
                Files.readAllLines(files.log()));
    }

    /** Data is lost, the logs are kept. */
    @Test
    void besideFilesThatLogrotateRenamedReceiptsBeginAboveAllThatWereEverGiven() throws Exception {
        Files.createDirectories(files.log().getParent());
        Files.writeString(files.log().resolveSibling("messages.jsonl.1"), "{\"receipt\":\"1\"}\n");
        clock = at("2026-11-22T19:26:55.071204Z");
        try (LogWriter log = start(Past.NEW)) {
            assertEquals(LineText.micros(clock.instant()), Requests.firstReceipt(logged(log, "first")));
        }
    }

    @Test
    void aFileThatWasTruncatedAndThenMixedWithNewLinesByAPowerCutIsSetAside() throws Exception {
        try (LogWriter log = start(Past.NEW)) {
            for (int i = 1; i <= 20; i++) {
                logged(log, "old");
            }
        }
        byte[] journal;
        try (LogWriter log = start(Past.LOST_JOURNAL)) { // its header says that the 20 lines are on disk
            logged(log, "new");
            journal = Files.readAllBytes(files.journal()); // before the stop, which flushes all
        }
        Files.write(files.journal(), journal);
        byte[] mixed = Files.readAllBytes(files.log());
        Arrays.fill(mixed, 512, 1024, (byte) 'x');
        Files.write(files.log(), mixed);

        try (LogWriter log = start(Past.LOST_JOURNAL)) {
            logged(log, "after");
        }

        List<String> lines = Files.readAllLines(files.log());
        assertEquals(2, lines.size());
        assertTrue(lines.get(0).startsWith("{\"receipt\":\"21\","), lines.get(0));
        assertTrue(lines.get(1).startsWith("{\"receipt\":\"22\","), lines.get(1));
    }

    @Test
    void aLineThatAPowerCutMadeOfAnOldAndANewOneIsInNoFileThatIsRead() throws Exception {
        try (LogWriter log = start(Past.NEW)) {
            for (int i = 1; i <= 3; i++) {
                logged(log, "o".repeat(2000));
            }
        }
        byte[] old = Files.readAllBytes(files.log());
        byte[] journal;
        byte[] all;
        try (LogWriter log = start(Past.LOST_JOURNAL)) { // its header says that the old lines are on disk
            logged(log, "n".repeat(2000));
            journal = Files.readAllBytes(files.journal());
            all = Files.readAllBytes(files.log());
        }
        Files.write(files.journal(), journal);
        byte[] mixed = old.clone(); // somebody truncated it, and the new line was appended at its start
        System.arraycopy(all, old.length + 512, mixed, 512, 512);
        Files.write(files.log(), mixed);

        try (LogWriter log = start(Past.LOST_JOURNAL)) {
            logged(log, "after");
        }

        assertEquals(
                List.of("messages-0000000000000000001-0000000000000000004.jsonl.truncated", "messages.jsonl"),
                logNames());
        assertArrayEquals(
                mixed,
                Files.readAllBytes(home.resolve("logs").resolve(logNames().get(0))));
        assertEquals(List.of("n".repeat(2000), "after"), texts(files.log()));
        List<String> read = new ArrayList<>();
        try (FileLogReader reader = FileLogReader.ofLog(files.log(), LogRange.from(1))) {
            while (reader.next()) {
                read.add(reader.line().escapedText());
            }
        }
        assertEquals(List.of("n".repeat(2000), "after"), read);
    }

    @Test
    void wherePowerFailsAfterATruncationThatAFlushMissedNoLineIsMadeOfAnOldAndANewOne() throws Exception {
        for (int seed = 1; seed <= 40; seed++) {
            PowerCutDisk disk = new PowerCutDisk(new Random(seed));
            LogWriter log = new Start(disk, files, clock, nanoTime).run(Past.NEW);
            logged(log, "o".repeat(2000));
            logged(log, "o".repeat(2000));
            log.checkpoint();
            disk.open(files.log(), Disk.Mode.POSITIONED).truncate(0);
            disk.observe((operation, path) -> {
                if (operation.equals("flush") && path.equals(files.log())) {
                    disk.observe((other, any) -> {});
                    throw new PowerCutDisk.LeftOut(); // it began while the truncation was under way
                }
            });
            logged(log, "n".repeat(1000));
            logged(log, "n".repeat(1000));

            PowerCutDisk image = disk.powerCut(seed);
            new Start(image, files, clock, nanoTime).run(Past.LOST_JOURNAL);

            for (Path each : image.list(files.log().getParent())) {
                boolean isRead = !each.toString().endsWith(StoredFile.UNREAD_ENDING);
                String text = LeftLines.text(image, each);
                assertFalse(
                        isRead && text.lines().anyMatch(line -> line.contains("oo") && line.contains("nn")),
                        "seed " + seed + ": " + each);
            }
            assertEquals(
                    List.of("n".repeat(1000), "n".repeat(1000)),
                    new String(image.read(files.log()), UTF_8)
                            .lines()
                            .map(LogWriterTest::text)
                            .toList());
        }
    }

    @Test
    void aFileThatSomebodyEditedBehindItsChecksumWhileItWasStoppedIsSetAside() throws Exception {
        LogWriter killed = start(Past.NEW); // never closed: as a kill leaves it
        for (int i = 0; i < 150; i++) { // 9 MB
            logged(killed, "x".repeat(60_000));
        }
        killed.checkpoint();
        logged(killed, "one");
        logged(killed, "two");
        StringBuilder edited = new StringBuilder(Files.readString(files.log()));
        edited.insert(edited.length() - 30_000, "edited");
        Files.writeString(files.log(), edited);

        start(Past.LOST_JOURNAL).close();

        List<String> lines = Files.readAllLines(files.log());
        assertEquals(2, lines.size());
        assertTrue(lines.get(0).endsWith("\"one\"}"), lines.get(0));
        assertTrue(lines.get(1).endsWith("\"two\"}"), lines.get(1));
        List<Path> aside =
                filesOfLog().stream().filter(file -> !file.equals(files.log())).toList();
        assertEquals(1, aside.size());
        assertEquals(edited.toString(), Files.readString(aside.get(0)));
    }

    @Test
    void noNewFileBeginsWithoutALineThatTheJournalHasLost() throws Exception {
        try (LogWriter log = start(Past.NEW)) {
            for (String text : List.of("one", "two", "three")) {
                logged(log, text);
            }
            byte[] journal = Files.readAllBytes(files.journal());
            journal[new String(journal, ISO_8859_1).indexOf("\"two\"") + 1]++;
            Files.write(files.journal(), journal);

            assertThrows(IOException.class, () -> log.newFile("somebody has removed it"));

            assertEquals(3, Files.readAllLines(files.log()).size());
        }
    }

    private enum Hand {
        RENAMES,
        RENAMES_AND_CREATES,
        REMOVES,
        COPIES_AND_TRUNCATES,
        APPENDS,
        REPLACES
    }

    /** Before each call of a start to the disk, in turn. */
    @ParameterizedTest
    @EnumSource
    void whatSomebodyDoesToTheLogWhileItStartsStopsNothingAndTakesNoMoreThanThat(Hand hand) throws Exception {
        files = new MessageFiles(files.journal(), files.log(), Sync.ALWAYS, 1 << 16, 800, Requests.NEVER_ROLLED);
        LogWriter killed = start(Past.NEW); // never closed: as a kill leaves it
        logged(killed, "flushed");
        killed.checkpoint();
        logged(killed, "one");
        logged(killed, "two");
        byte[] journal = Files.readAllBytes(files.journal());
        byte[] left = Files.readAllBytes(files.log());
        boolean isUsed = true;
        for (int moment = 0; isUsed; moment++) {
            for (Path each : filesOfLog()) {
                Files.delete(each);
            }
            Files.write(files.journal(), journal);
            Files.write(files.log(), left);
            String how = hand + " before call " + moment;
            AtomicInteger callsBefore = new AtomicInteger(moment);
            Disk disk = disturbed(() -> {
                if (callsBefore.getAndDecrement() == 0) {
                    use(hand);
                }
                return null;
            });

            try (LogWriter log = new Start(disk, files, clock, nanoTime).run(Past.LOST_JOURNAL)) {
                isUsed = callsBefore.getAndSet(-1) < 0;
                assertTrue(Requests.firstReceipt(logged(log, "after")) >= 4, how);
                log.probe();
                nanos += Duration.ofMillis(101).toNanos();
                log.probe();
            }

            List<String> all = new ArrayList<>();
            for (Path each : filesOfLog()) {
                all.addAll(texts(each));
            }
            assertTrue(all.containsAll(List.of("flushed", "one", "two", "after")), how + ": " + all);
            assertTrue(
                    List.of("flushed", "one", "two", "after").containsAll(texts(files.log())),
                    how + ": " + texts(files.log()));
        }
    }

    private List<Path> filesOfLog() throws IOException {
        try (Stream<Path> found = Stream.concat(Files.list(home), Files.list(home.resolve("logs")))) {
            return found.filter(Files::isRegularFile).toList();
        }
    }

    private void use(Hand hand) throws IOException {
        Path log = files.log();
        Path taken = home.resolve("taken");
        try {
            switch (hand) {
                case RENAMES -> Files.move(log, taken);
                case RENAMES_AND_CREATES -> {
                    Files.move(log, taken);
                    Files.createFile(log);
                }
                case REMOVES -> {
                    Files.createLink(taken, log);
                    Files.delete(log);
                }
                case COPIES_AND_TRUNCATES -> {
                    Files.copy(log, taken);
                    Files.write(log, new byte[0], StandardOpenOption.TRUNCATE_EXISTING);
                }
                case APPENDS -> Files.writeString(log, "{\"message\":\"foreign\"}\n", StandardOpenOption.APPEND);
                case REPLACES -> {
                    Files.createLink(taken, log);
                    Path saved = Files.copy(log, home.resolve("saved"));
                    Files.move(saved, log, StandardCopyOption.ATOMIC_MOVE);
                }
            }
        } catch (NoSuchFileException e) {
            // there is none just now
        }
    }

    /** A real disk; somebody acts before each call to it, or to a file that it has opened. */
    private static Disk disturbed(Callable<?> act) {
        return (Disk) disturbed(Disk.class, new LocalDisk(), act);
    }

    private static Object disturbed(Class<?> type, Object real, Callable<?> act) {
        return Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type}, (proxy, method, arguments) -> {
            act.call();
            try {
                Object result = method.invoke(real, arguments);
                return result instanceof Disk.Handle ? disturbed(Disk.Handle.class, result, act) : result;
            } catch (InvocationTargetException e) {
                throw e.getCause();
            }
        });
    }

    @Test
    void aLogWhoseStartSomebodyChangedWhileItWasStoppedIsSetAsideAndRead() throws Exception {
        try (LogWriter log = start(Past.NEW)) {
            logged(log, "one");
            logged(log, "two");
        }
        Files.writeString(files.log(), read(files.log()).replace("one", "eno"));

        try (LogWriter log = start(Past.LOST_JOURNAL)) {
            assertEquals(3, Requests.firstReceipt(logged(log, "after")));
        }

        assertEquals(List.of("messages-0000000000000000001-0000000000000000002.jsonl", "messages.jsonl"), logNames());
        assertEquals(List.of("after"), texts(files.log()));
    }

    @Test
    void timesRiseFromBatchToBatchThoughTheClockStandsStill() throws Exception {
        clock = at("2026-11-22T19:26:55.071204Z");
        try (LogWriter log = start(Past.NEW)) {
            assertEquals(
                    Instant.parse("2026-11-22T19:26:55.071204Z"),
                    logged(log, "one").time());
            assertEquals(
                    Instant.parse("2026-11-22T19:26:55.071205Z"),
                    logged(log, "two").time());
        }
    }

    @Test
    void aClockSetBackByHoursBeginsANewFile() throws Exception {
        clock = at("2026-11-22T19:26:55.071204Z");
        try (LogWriter log = start(Past.NEW)) {
            logged(log, "one");
            clock = at("2026-11-22T15:00:00Z");
        }
        try (LogWriter log = start(Past.LOST_JOURNAL)) {
            assertEquals(
                    Instant.parse("2026-11-22T15:00:00Z"), logged(log, "two").time());
        }
        assertEquals(List.of("messages-0000000000000000001-0000000000000000001.jsonl", "messages.jsonl"), logNames());
        assertEquals(List.of("two"), texts(files.log()));
    }

    @Test
    void repeatsAfterTheClockWasSetBackBeginNoNewFile() throws Exception {
        Append request = Requests.message(ALICE, key("k"), "once");
        MovableClock moved = new MovableClock(Instant.parse("2026-11-22T19:26:55.071204Z"));
        clock = moved;
        try (LogWriter log = start(Past.NEW)) {
            log.commit(List.of(request));
            moved.move(Duration.ofHours(-4));
            assertTrue(log.commit(List.of(request)).get(0) instanceof Appended.Repeated);
        }
        assertEquals(List.of("messages.jsonl"), logNames());
    }

    @Test
    void aFileThatIsRenamedOrMadeInTheVeryMomentItBeginsCostsNoBatch() throws Exception {
        files = rollingAt(1);
        for (String moment : List.of("create", "flush folder")) {
            PowerCutDisk disk = new PowerCutDisk(new Random(1));
            LogWriter log = new Start(disk, files, clock, nanoTime).run(Past.NEW);
            logged(log, "one");
            disk.observe((operation, path) -> {
                if (operation.equals(moment)
                        && path.equals(
                                moment.equals("create")
                                        ? files.log()
                                        : files.log().getParent())) {
                    disk.observe((other, same) -> {});
                    if (moment.equals("create")) {
                        disk.create(files.log()); // as logrotate does
                    } else {
                        disk.rename(files.log(), files.log().resolveSibling("taken"));
                    }
                }
            });
            assertEquals(2, Requests.firstReceipt(logged(log, "two")), moment);
            assertTrue(new String(disk.read(files.log()), UTF_8).startsWith("{\"receipt\":\"2\""), moment);
        }
    }

    @Test
    void aFileOfItsSizeIsRenamedForItsReceiptsAndTheNextBeginsWithTheNext() throws Exception {
        files = rollingAt(150);
        try (ServerLogEvents events = new ServerLogEvents(LogWriter.class);
                LogWriter log = start(Past.NEW)) {
            for (int i = 1; i <= 6; i++) {
                assertEquals(i, Requests.firstReceipt(logged(log, "text " + i)));
            }
            log.commit(List.of(Requests.messages(ALICE, NO_KEY, List.of("one", "two", "three"))));
            assertEquals(List.of(Level.INFO, Level.INFO, Level.INFO), levels(events));
            logged(log, "last");
        }
        assertEquals(
                List.of(
                        "messages-0000000000000000001-0000000000000000002.jsonl",
                        "messages-0000000000000000003-0000000000000000004.jsonl",
                        "messages-0000000000000000005-0000000000000000006.jsonl",
                        "messages-0000000000000000007-0000000000000000009.jsonl",
                        "messages.jsonl"),
                logNames());
        List<String> all = new ArrayList<>();
        for (String name : logNames()) {
            all.addAll(texts(home.resolve("logs").resolve(name)));
        }
        assertEquals(
                List.of("text 1", "text 2", "text 3", "text 4", "text 5", "text 6", "one", "two", "three", "last"),
                all);
    }

    @Test
    void withRollDailyEachDayHasAFileOfItsOwnThoughNoMessageComes() throws Exception {
        files = kept(new LogSettings(0, Long.MAX_VALUE, true, 0, 0, false, false));
        MovableClock moved = new MovableClock(Instant.parse("2026-11-25T23:59:58Z"));
        clock = moved;
        try (ServerLogEvents events = new ServerLogEvents(LogWriter.class);
                LogWriter log = start(Past.NEW)) {
            logged(log, "Wednesday");
            moved.move(Duration.ofSeconds(1));
            logged(log, "Wednesday, too");
            moved.move(Duration.ofSeconds(1));
            logged(log, "Thursday");
            moved.move(Duration.ofSeconds(-1));
            logged(log, "Thursday, though the clock was set back a little");
            log.probe();
            moved.move(Duration.ofDays(1));
            moved.move(Duration.ofSeconds(1));
            log.probe();
            log.probe();
            assertEquals(List.of(Level.INFO, Level.INFO), levels(events));
        }
        assertEquals(
                List.of(
                        "messages-0000000000000000001-0000000000000000002.jsonl",
                        "messages-0000000000000000003-0000000000000000004.jsonl",
                        "messages.jsonl"),
                logNames());
        assertEquals(0, Files.size(files.log()));
    }

    @Test
    void aRollThatFailsRefusesMessagesAndIsDoneWhenItCanBe() throws Exception {
        files = rollingAt(150);
        for (String failing : List.of("flush", "rename", "create", "flush folder")) {
            PowerCutDisk disk = new PowerCutDisk(new Random(1));
            LogWriter log = new Start(disk, files, clock, nanoTime).run(Past.NEW);
            logged(log, "one");
            logged(log, "two");
            disk.observe((operation, path) -> {
                if (operation.equals(failing)) {
                    throw new IOException("Input/output error");
                }
            });
            assertThrows(IOException.class, () -> logged(log, "refused"), failing);
            assertThrows(IOException.class, () -> logged(log, "refused"), failing);
            disk.observe((operation, path) -> {});
            assertEquals(3, Requests.firstReceipt(logged(log, "three")), failing);
            assertRolledAfterTheSecond(disk, failing);
        }
    }

    @Test
    void aRollThatAKillInterruptsIsFinishedByTheStart() throws Exception {
        files = rollingAt(150);
        for (String last : List.of("rename", "create", "flush folder")) {
            PowerCutDisk disk = new PowerCutDisk(new Random(1));
            LogWriter killed = new Start(disk, files, clock, nanoTime).run(Past.NEW);
            logged(killed, "one");
            logged(killed, "two");
            disk.observe((operation, path) -> {
                if (operation.equals(last)) {
                    throw new PowerCutDisk.Killed();
                }
            });
            assertThrows(PowerCutDisk.Killed.class, () -> logged(killed, "never logged"), last);
            disk.observe((operation, path) -> {});
            try (ServerLogEvents events = new ServerLogEvents(Start.class)) {
                LogWriter log = new Start(disk, files, clock, nanoTime).run(Past.LOST_JOURNAL);
                assertEquals(3, Requests.firstReceipt(logged(log, "three")), last);
                assertTrue(levels(events).stream().allMatch(Level.INFO::equals), last);
            }
            assertRolledAfterTheSecond(disk, last);
        }
    }

    @Test
    void aRenamedFileIsNotRolled() throws Exception {
        files = rollingAt(150);
        Path renamed = home.resolve("logs/messages.jsonl.1");
        try (LogWriter log = start(Past.NEW)) {
            logged(log, "one");
            log.checkpoint();
            Files.move(files.log(), renamed);
            for (int i = 0; i < 3; i++) {
                logged(log, "on");
            }
            Files.createFile(files.log()); // as logrotate does
            logged(log, "after");
        }
        assertEquals(List.of("one", "on", "on", "on"), texts(renamed));
        assertEquals("after", texts(files.log()).get(texts(files.log()).size() - 1));
        try (LogWriter log = start(Past.LOST_JOURNAL)) {
            assertEquals(6, Requests.firstReceipt(logged(log, "and on")));
        }
    }

    private void assertRolledAfterTheSecond(PowerCutDisk disk, String how) throws IOException {
        assertEquals(
                List.of("messages-0000000000000000001-0000000000000000002.jsonl", "messages.jsonl"),
                disk.list(files.log().getParent()).stream()
                        .map(each -> each.getFileName().toString())
                        .toList(),
                how);
        assertTrue(new String(disk.read(files.log()), UTF_8).startsWith("{\"receipt\":\"3\""), how);
    }

    private MessageFiles rollingAt(long bytes) {
        return kept(new LogSettings(0, bytes, false, 0, 0, false, false));
    }

    private MessageFiles kept(LogSettings settings) {
        return new MessageFiles(files.journal(), files.log(), Sync.ALWAYS, 1 << 20, 800, settings);
    }

    private static List<Level> levels(ServerLogEvents events) {
        return events.list().stream().map(ILoggingEvent::getLevel).toList();
    }

    @Test
    void aRepeatIsAnsweredWithTheFirstAnswerAlsoWithinABatchAndAfterAStart() throws Exception {
        Append request = Requests.message(ALICE, key("k"), "once");
        Appended.Logged first;
        try (LogWriter log = start(Past.NEW)) {
            List<Appended> outcomes = log.commit(List.of(request, request, Requests.message(ALICE, key("k"), "other")));
            first = (Appended.Logged) outcomes.get(0);
            Appended again = new Appended.Repeated(first.receipts(), first.time());
            assertEquals(List.of(first, again, new Appended.KeyReused()), outcomes);
            assertEquals(
                    new Appended.KeyReused(),
                    log.commit(List.of(Requests.messages(ALICE, key("k"), List.of("once"))))
                            .get(0));
            assertTrue(
                    log.commit(List.of(Requests.message(new ClientId("bob"), key("k"), "once")))
                                    .get(0)
                            instanceof Appended.Logged);
        }
        try (LogWriter log = start(Past.LOST_JOURNAL)) {
            assertEquals(
                    new Appended.Repeated(first.receipts(), first.time()),
                    log.commit(List.of(request)).get(0));
        }
        assertEquals(List.of("once", "once"), texts(files.log()));
    }

    @Test
    void theLogIsTheSameAfterAStartThatFollowsAKill() throws Exception {
        LogWriter killed = start(Past.NEW); // never closed: as a kill leaves it
        for (int i = 0; i < 500; i++) {
            logged(killed, "text " + i);
        }
        byte[] before = Files.readAllBytes(files.log());
        Files.write(files.log(), new byte[0], StandardOpenOption.TRUNCATE_EXISTING); // as if nothing was flushed
        try (LogWriter log = start(Past.LOST_JOURNAL)) {
            assertEquals(501, Requests.firstReceipt(logged(log, "next")));
        }
        List<String> all = new ArrayList<>();
        for (String name : logNames()) {
            all.addAll(Files.readAllLines(home.resolve("logs").resolve(name)));
        }
        List<String> lines = new String(before, UTF_8).lines().toList();
        assertEquals(lines.get(499), all.get(all.size() - 2));
    }

    @Test
    void aFileThatSomebodyTruncatedIsFollowedByOneThatHasAllSinceTheLastFlush() throws Exception {
        try (LogWriter log = start(Past.NEW)) {
            logged(log, "flushed");
            log.checkpoint();
            logged(log, "not flushed");
            Files.write(files.log(), new byte[0], StandardOpenOption.TRUNCATE_EXISTING);
            logged(log, "after");
            assertEquals(List.of("not flushed", "after"), texts(files.log()));
        }
        assertEquals(List.of("messages.jsonl"), logNames());
    }

    @Test
    void aFileThatSomebodyWroteToIsSetAside() throws Exception {
        try (LogWriter log = start(Past.NEW)) {
            logged(log, "flushed");
            log.checkpoint();
            logged(log, "not flushed");
            Files.writeString(files.log(), "mine\n", StandardOpenOption.APPEND);
            logged(log, "after");
        }
        assertEquals(List.of("messages-0000000000000000001-0000000000000000002.jsonl", "messages.jsonl"), logNames());
        assertEquals(List.of("not flushed", "after"), texts(files.log()));
    }

    @Test
    void aRenamedFileIsWrittenOnUntilTheNextOneIsThere() throws Exception {
        Path renamed = home.resolve("logs/messages.jsonl.1");
        try (LogWriter log = start(Past.NEW)) {
            logged(log, "flushed");
            log.checkpoint();
            Files.move(files.log(), renamed);
            logged(log, "in the old file");
            assertEquals(List.of("flushed", "in the old file"), texts(renamed));
            Files.createFile(files.log()); // as logrotate does
            logged(log, "after");
            assertEquals(List.of("in the old file", "after"), texts(files.log()));
        }
    }

    @Test
    void aRemovedFileIsFollowedByANewOneWithinAMoment() throws Exception {
        try (LogWriter log = start(Past.NEW)) {
            logged(log, "flushed");
            log.checkpoint();
            Files.delete(files.log());
            log.checkpoint();
            nanos += Duration.ofMillis(101).toNanos();
            log.checkpoint(); // without a batch, too
            assertTrue(Files.exists(files.log()));
            logged(log, "after");
            assertEquals(List.of("after"), texts(files.log()));
        }
    }

    @Test
    void aReplacedJournalRefusesWork() throws Exception {
        LogWriter log = start(Past.NEW);
        logged(log, "before");
        Files.move(files.journal(), home.resolve("data/elsewhere"));
        assertTrue(assertThrows(IOException.class, () -> logged(log, "lost"))
                .getMessage()
                .contains("was replaced"));
        Files.move(home.resolve("data/elsewhere"), files.journal());
        assertEquals(2, Requests.firstReceipt(logged(log, "after")));
        log.close();
    }

    @Test
    void aHomeOfAnEarlierVersionGoesOnByOneAndItsTornEndIsCut() throws Exception {
        String line =
                "{\"receipt\":\"41\",\"time\":\"2026-11-22T19:26:55.071Z\",\"id\":\"alice\",\"message\":\"hi\"}\n";
        Files.writeString(files.log(), line + "{\"receipt\":\"42\",\"ti");
        try (LogWriter log = start(Past.BEFORE_JOURNALS)) {
            assertEquals(42, Requests.firstReceipt(logged(log, "next")));
        }
        assertEquals(List.of("hi", "next"), texts(files.log()));
        assertEquals(List.of("messages.jsonl"), logNames());
    }

    @Test
    void withoutAJournalReceiptsBeginAboveAllThatWereGiven() throws Exception {
        try (LogWriter log = start(Past.NEW)) {
            logged(log, "before");
            log.commit(List.of(Requests.message(ALICE, key("k"), "keyed")));
        }
        Files.delete(files.journal());
        clock = at("2026-11-22T19:26:55.071204Z");
        try (LogWriter log = start(Past.LOST_JOURNAL)) {
            assertEquals(1_795_375_615_071_204L, Requests.firstReceipt(logged(log, "after")));
            assertTrue(
                    log.commit(List.of(Requests.message(ALICE, key("k"), "keyed")))
                                    .get(0)
                            instanceof Appended.Logged);
        }
        assertEquals(List.of("messages-0000000000000000001-0000000000000000002.jsonl", "messages.jsonl"), logNames());
    }

    @Test
    void damagedKeysAreRefusedAndMissingOnesForgotten() throws Exception {
        Append request = Requests.message(ALICE, key("k"), "keyed");
        try (LogWriter log = start(Past.NEW)) {
            log.commit(List.of(request));
        }
        Path keys = home.resolve("data/keys-1");
        byte[] bytes = Files.readAllBytes(keys);
        bytes[20] ^= 1;
        Files.write(keys, bytes);
        String refusal = assertThrows(StartupException.class, () -> start(Past.LOST_JOURNAL))
                .getMessage();
        assertTrue(refusal.contains("keys-1 is damaged at byte 0"), refusal);
        Files.delete(keys);
        try (LogWriter log = start(Past.LOST_JOURNAL)) {
            assertTrue(log.commit(List.of(request)).get(0) instanceof Appended.Logged);
        }
    }

    @Test
    void aJournalWithoutAValidHeaderIsRefused() throws Exception {
        start(Past.NEW).close();
        byte[] bytes = Files.readAllBytes(files.journal());
        bytes[100] ^= 1;
        bytes[4096 + 100] ^= 1;
        Files.write(files.journal(), bytes);
        String refusal = assertThrows(StartupException.class, () -> start(Past.LOST_JOURNAL))
                .getMessage();
        assertTrue(
                refusal.contains("no valid header")
                        && refusal.contains(files.journal().toString()),
                refusal);
    }

    @Test
    void aFlushedRecordThatIsLostBeforeLaterOnesIsRefused() throws Exception {
        killedWithItsSecondRecordDamaged();
        String refusal = assertThrows(StartupException.class, () -> start(Past.LOST_JOURNAL))
                .getMessage();
        assertTrue(refusal.contains("has record 4 but not record 3"), refusal);
    }

    @Test
    void withoutFlushesWhatFollowsALostRecordIsDroppedForGood() throws Exception {
        files = new MessageFiles(files.journal(), files.log(), Sync.OS, 1 << 20, 800, Requests.NEVER_ROLLED);
        killedWithItsSecondRecordDamaged();
        LogWriter killed = start(Past.LOST_JOURNAL);
        assertEquals(4, Requests.firstReceipt(logged(killed, "after")), "the log had the lines that the journal lost");
        try (LogWriter log = start(Past.LOST_JOURNAL)) {
            assertEquals(5, Requests.firstReceipt(logged(log, "and on")));
        }
        assertEquals(List.of("messages-0000000000000000001-0000000000000000003.jsonl", "messages.jsonl"), logNames());
        assertEquals(List.of("after", "and on"), texts(files.log()));
    }

    private void killedWithItsSecondRecordDamaged() throws IOException {
        LogWriter killed = start(Past.NEW);
        for (String text : List.of("one", "two", "three")) {
            logged(killed, text);
        }
        byte[] bytes = Files.readAllBytes(files.journal());
        bytes[3 * 4096 + 60] ^= 1; // two headers and the first record come before it
        Files.write(files.journal(), bytes);
    }

    @Test
    void whereAFullDiskHasTornALineAndSomebodyTakesTheFileAwayTheNextOneHasTheWholeLine() throws Exception {
        PowerCutDisk disk = new PowerCutDisk(new Random(1));
        LogWriter log = new Start(disk, files, clock, nanoTime).run(Past.NEW);
        logged(log, "before");
        disk.fillUpAfter(20);
        assertThrows(IOException.class, () -> logged(log, "delayed"));
        disk.delete(files.log());
        assertThrows(IOException.class, log::checkpoint);
        nanos += Duration.ofMillis(101).toNanos();
        disk.observe((operation, path) -> {
            if (operation.equals("create")) {
                disk.fillUpAfter(Long.MAX_VALUE); // the room of the removed file
            }
        });
        log.checkpoint();
        logged(log, "after");
        assertEquals(
                List.of("before", "delayed", "after"),
                new String(disk.read(files.log()), UTF_8)
                        .lines()
                        .map(LogWriterTest::text)
                        .toList());
    }

    @Test
    void aFullDiskDelaysTheRestOfALineAndCutsNothing() throws Exception {
        PowerCutDisk disk = new PowerCutDisk(new Random(1));
        LogWriter log = new Start(disk, files, clock, nanoTime).run(Past.NEW);
        logged(log, "before");
        disk.fillUpAfter(20);
        assertThrows(IOException.class, () -> logged(log, "delayed"));
        assertThrows(IOException.class, () -> logged(log, "refused"));
        assertThrows(IOException.class, log::probe);
        disk.fillUpAfter(Long.MAX_VALUE);
        log.probe();
        logged(log, "after");
        String[] lines = new String(disk.read(files.log()), UTF_8).split("\n");
        assertEquals(3, lines.length);
        assertTrue(
                lines[1].startsWith("{\"receipt\":\"2\"") && lines[1].endsWith("\"message\":\"delayed\"}"), lines[1]);
        assertTrue(lines[2].startsWith("{\"receipt\":\"3\"") && lines[2].endsWith("\"message\":\"after\"}"), lines[2]);
    }

    @Test
    void whereTheDiskHasLessThanIsToBeKeptFreeAMessageIsRefusedBeforeAWriteFails() throws Exception {
        files = kept(new LogSettings(5_000, Long.MAX_VALUE, false, 0, 0, false, false));
        PowerCutDisk disk = new PowerCutDisk(new Random(1));
        LogWriter log = new Start(disk, files, clock, nanoTime).run(Past.NEW);
        logged(log, "before");
        disk.fillUpAfter(4_999);
        String reason = assertThrows(IOException.class, log::requireRoom).getMessage();
        assertTrue(reason.contains("has 4999 bytes left, less than --keep-free=5000"), reason);
        byte[] full = disk.read(files.log());
        assertThrows(IOException.class, () -> logged(log, "refused"));
        assertThrows(IOException.class, log::probe);
        log.checkpoint(); // what is there is flushed all the same
        assertEquals(new String(full, UTF_8), new String(disk.read(files.log()), UTF_8));
        LogWriter again = new Start(disk, files, clock, nanoTime).run(Past.LOST_JOURNAL); // a start may use that room
        assertThrows(IOException.class, () -> logged(again, "refused"));
        disk.fillUpAfter(5_000);
        again.probe();
        assertEquals(2, Requests.firstReceipt(logged(again, "after")));
    }

    @Test
    void whileTheFolderOfTheLogIsGoneMessagesAreRefusedForThatReasonAndNoNewLogIsReported() throws Exception {
        files = kept(new LogSettings(5_000, Long.MAX_VALUE, false, 0, 0, false, false));
        Path logs = home.resolve("logs");
        try (LogWriter log = start(Past.NEW);
                ServerLogEvents events = new ServerLogEvents(LogWriter.class)) {
            logged(log, "before");
            Files.move(logs, home.resolve("moved"));
            logged(log, "into the moved file");
            nanos += SECONDS.toNanos(1);
            assertThrows(NoSuchFileException.class, () -> logged(log, "refused"));
            NoSuchFileException reason = assertThrows(NoSuchFileException.class, log::probe);
            assertEquals(logs.toString(), reason.getFile());
            assertEquals(List.of(), events.list());

            Files.createDirectory(logs);
            log.probe();
            logged(log, "after");

            assertEquals(List.of(Level.WARN), levels(events));
        }
        assertEquals(3, Files.readAllLines(files.log()).size());
    }

    @Test
    void aFlushThatHangsIsAnsweredAfterTenSecondsAndARepeatTellsWhatBecameOfIt() throws Exception {
        PowerCutDisk disk = new PowerCutDisk(new Random(1));
        LogWriter log = new Start(disk, files, clock, nanoTime).run(Past.NEW);
        CompletableFuture<Void> released = new CompletableFuture<>();
        disk.observe((operation, path) -> {
            if (operation.equals("flush")) {
                released.join();
            }
        });
        Append request = Requests.message(ALICE, key("k"), "once");
        try (GroupCommit<Append, Appended> commits = new GroupCommit<>("test-writer", 10, Runnable::run, log)) {
            CompletableFuture<Appended> first = commits.submit(request).toCompletableFuture();
            assertTrue(
                    assertThrows(ExecutionException.class, () -> first.get(30, SECONDS))
                                    .getCause()
                            instanceof UnavailableException);
            assertTrue(commits.trouble().isPresent());
            CompletableFuture<Appended> repeat = commits.submit(request).toCompletableFuture();
            released.complete(null);
            assertEquals(List.of("1"), ((Appended.Repeated) repeat.get(30, SECONDS)).receipts());
            assertEquals(Optional.empty(), commits.trouble());
        }
        assertEquals(1, new String(disk.read(files.log()), UTF_8).lines().count());
    }

    @Test
    void aFileWhoseFlushFailedIsWholeThoughSomebodyReplacesItBeforeItIsWrittenAgain() throws Exception {
        Path renamed = home.resolve("logs/renamed");
        for (int seed = 0; seed < 20; seed++) {
            PowerCutDisk disk = new PowerCutDisk(new Random(seed));
            LogWriter log = new Start(disk, files, clock, nanoTime).run(Past.NEW);
            logged(log, "flushed");
            log.checkpoint();
            for (int i = 0; i < 20; i++) {
                logged(log, "x".repeat(1000));
            }
            disk.observe((operation, path) -> {
                if (operation.equals("flush") && path.equals(files.log())) {
                    throw new IOException("Input/output error");
                }
            });
            assertThrows(IOException.class, log::checkpoint);
            disk.observe((operation, path) -> {});
            disk.rename(files.log(), renamed);
            disk.create(files.log());
            log.checkpoint();
            String left = new String(disk.powerCut(seed).read(renamed), UTF_8);
            assertEquals(21, left.lines().filter(line -> line.endsWith("\"}")).count(), "seed " + seed);
            assertEquals(-1, left.indexOf(0), "seed " + seed);
        }
    }

    @Test
    void whereFilesCanNotBeToldApartTheStartSaysSo() throws Exception {
        Disk real = new LocalDisk();
        Disk blind = (Disk) Proxy.newProxyInstance(
                Disk.class.getClassLoader(), new Class<?>[] {Disk.class}, (proxy, method, arguments) -> {
                    Object result = method.invoke(real, arguments);
                    return method.getName().equals("stat")
                            ? ((Optional<?>) result)
                                    .map(stat -> new Disk.Stat(Disk.UNKNOWN, ((Disk.Stat) stat).length()))
                            : result;
                });
        try (ServerLogEvents events = new ServerLogEvents(Start.class)) {
            LogWriter log = new Start(blind, files, clock, nanoTime).run(Past.NEW);
            logged(log, "one");
            log.close();
            assertEquals(
                    1,
                    events.list().stream()
                            .filter(each -> each.getFormattedMessage().contains("goes unnoticed"))
                            .count());
        }
    }

    @Test
    void figuresLookAtTheFolderOnceAMinuteAndCountWhatComesMeanwhile() throws Exception {
        files = rollingAt(150);
        AtomicInteger looks = new AtomicInteger();
        try (LogWriter log = new Start(listing(looks::incrementAndGet), files, clock, nanoTime).run(Past.NEW)) {
            looks.set(0);
            for (int i = 0; i < 6; i++) {
                logged(log, "text " + i);
                assertFigures(log);
            }
            assertEquals(3, logNames().size());
            assertEquals(1, looks.get());

            Files.delete(home.resolve("logs").resolve(logNames().get(0)));
            nanos += SECONDS.toNanos(60);
            assertFigures(log);
            assertEquals(2, looks.get());
        }
    }

    private void assertFigures(LogWriter log) throws IOException {
        long bytes = 0;
        for (String name : logNames()) {
            bytes += Files.size(home.resolve("logs").resolve(name));
        }
        LogFigures.Files figures = log.figures(IDLE).files().orElseThrow();
        assertEquals(bytes, figures.bytes());
        assertEquals(logNames().size(), figures.count());
    }

    @Test
    void figuresOfAFolderThatCanNotBeListedAreWhatWasLoggedAndOneWarningAMinute() throws Exception {
        try (LogWriter log = start(Past.NEW)) {
            logged(log, "one");
        }
        AtomicBoolean isRefused = new AtomicBoolean();
        Disk disk = listing(() -> {
            if (isRefused.get()) {
                throw new AccessDeniedException(home.resolve("logs").toString());
            }
            return 0;
        });
        try (ServerLogEvents events = new ServerLogEvents(LogWriter.class);
                LogWriter log = new Start(disk, files, clock, nanoTime).run(Past.LOST_JOURNAL)) {
            isRefused.set(true);
            logged(log, "two");

            assertEquals(1, log.figures(IDLE).messages());
            assertTrue(log.figures(IDLE).files().orElseThrow().bytes() > 0);
            assertEquals(List.of(Level.WARN), levels(events));
            isRefused.set(false);
            nanos += SECONDS.toNanos(60);
            assertFigures(log);
        }
    }

    /** A real disk, which does something more when a folder is listed. */
    private static Disk listing(Callable<?> more) {
        Disk real = new LocalDisk();
        return (Disk) Proxy.newProxyInstance(
                Disk.class.getClassLoader(), new Class<?>[] {Disk.class}, (proxy, method, arguments) -> {
                    if (method.getName().equals("list")) {
                        more.call();
                    }
                    return method.invoke(real, arguments);
                });
    }

    @Test
    void aBatchWhoseFlushFailedLeavesNoTrace() throws Exception {
        PowerCutDisk disk = new PowerCutDisk(new Random(1));
        LogWriter log = new Start(disk, files, clock, nanoTime).run(Past.NEW);
        disk.observe((operation, path) -> {
            if (operation.equals("flush")) {
                throw new IOException("Input/output error");
            }
        });
        assertThrows(IOException.class, () -> logged(log, "failed"));
        assertThrows(IOException.class, log::probe);
        disk.observe((operation, path) -> {});
        assertEquals(1, Requests.firstReceipt(logged(log, "after")));
        PowerCutDisk left = disk.powerCut(7);
        new Start(left, files, clock, nanoTime).run(Past.LOST_JOURNAL);
        assertTrue(new String(left.read(files.log()), UTF_8).matches("(?s)[^\n]*after\"}\n"));
    }

    @Test
    void aJournalGrowsWithItsSettingAndNeverShrinks() throws Exception {
        start(Past.NEW).close();
        MessageFiles larger =
                new MessageFiles(files.journal(), files.log(), Sync.ALWAYS, 1 << 21, 800, Requests.NEVER_ROLLED);
        try (LogWriter log = new Start(new LocalDisk(), larger, clock, nanoTime).run(Past.LOST_JOURNAL)) {
            assertEquals(1, Requests.firstReceipt(logged(log, "one")));
            log.grow();
            assertEquals(2, Requests.firstReceipt(logged(log, "two")));
        }
        assertEquals((1 << 21) + 8192, Files.size(files.journal()));
        start(Past.LOST_JOURNAL).close();
        assertEquals((1 << 21) + 8192, Files.size(files.journal()));
    }

    @Test
    void moreThanABatchMayHoldIsLoggedInOrder() throws Exception {
        List<Append> requests = IntStream.range(0, 1000)
                .mapToObj(i -> Requests.messages(ALICE, NO_KEY, List.of(i + "x".repeat(2000), "end " + i)))
                .toList();
        try (LogWriter log = start(Past.NEW)) {
            List<Appended> outcomes = log.commit(requests);
            for (int i = 0; i < requests.size(); i++) {
                assertEquals(2L * i + 1, Requests.firstReceipt((Appended.Logged) outcomes.get(i)));
            }
        }
        assertEquals("end 999", texts(files.log()).get(1999));
    }

    @Test
    void theFlusherFlushesAndAnswersForTheHealth() throws Exception {
        try (FileMessageLog log =
                FileMessageLog.open(files, Past.NEW, 10, new MemoryBudget(Long.MAX_VALUE), Runnable::run, clock)) {
            log.append(Messages.of(ALICE, "one")).toCompletableFuture().join();
            assertEquals(Optional.empty(), log.trouble());
        }
        assertEquals(List.of("one"), texts(files.log()));
    }

    private LogWriter start(Past past) throws IOException {
        return new Start(new LocalDisk(), files, clock, nanoTime).run(past);
    }

    private static Appended.Logged logged(LogWriter log, String text) throws IOException {
        return (Appended.Logged)
                log.commit(List.of(Requests.message(ALICE, NO_KEY, text))).get(0);
    }

    private static Optional<RequestKey> key(String key) {
        return Optional.of(new RequestKey(key));
    }

    private static Clock at(String time) {
        return Clock.fixed(Instant.parse(time), ZoneOffset.UTC);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private List<String> logNames() throws IOException {
        try (Stream<Path> names = Files.list(home.resolve("logs"))) {
            return names.map(each -> each.getFileName().toString()).sorted().toList();
        }
    }

    private static List<String> texts(Path file) throws IOException {
        return Files.readAllLines(file).stream().map(LogWriterTest::text).toList();
    }

    private static String text(String line) {
        return line.substring(line.indexOf("\"message\":\"") + 11, line.length() - 2);
    }
}
