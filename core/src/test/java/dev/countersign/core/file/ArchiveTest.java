package dev.countersign.core.file;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.Appended;
import dev.countersign.core.Await;
import dev.countersign.core.ClientId;
import dev.countersign.core.LineText;
import dev.countersign.core.LogRange;
import dev.countersign.core.LogSettings;
import dev.countersign.core.MovableClock;
import dev.countersign.core.Past;
import dev.countersign.core.RequestKey;
import dev.countersign.core.ServerLogEvents;
import dev.countersign.core.Sync;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Older files of the log are packed and removed; here each message fills a file. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class ArchiveTest {

    private static final ClientId ALICE = new ClientId("alice");
    private static final LogSettings EACH_A_FILE = new LogSettings(0, 1, false, 0, 0, false, false);
    private static final LogSettings PACKING = new LogSettings(0, 1, false, 0, 0, true, false);

    @TempDir
    Path home;

    private final MovableClock clock = new MovableClock(Instant.parse("2026-11-26T12:00:00Z"));
    private long nanos;
    private Disk disk = new LocalDisk();
    private MessageFiles files;

    @BeforeEach
    void folders() throws IOException {
        Files.createDirectories(home.resolve("data"));
        Files.createDirectories(home.resolve("logs"));
    }

    @Test
    void renamedFilesArePackedAndTheActiveOneIsNot() throws Exception {
        try (LogWriter log = start(PACKING);
                ServerLogEvents events = new ServerLogEvents(Archive.class)) {
            log(log, 1, 3);
            Files.writeString(logs(packed(1)), "somebody was about to pack it");
            Files.writeString(logs("messages.gz.new"), "a kill came in the middle of packing");

            archive(log).look();

            assertEquals(List.of(packed(1), packed(2), "messages.jsonl"), names());
            assertEquals(
                    List.of("packed " + named(1), "packed " + named(2)),
                    events.list().stream()
                            .map(each -> each.getFormattedMessage())
                            .toList());
        }
        assertEquals("rw-------", PosixFilePermissions.toString(Files.getPosixFilePermissions(logs(packed(1)))));
        assertEquals(receipts(1, 3), read());
    }

    @Test
    void ofThoseBeyondKeepBytesTheOldestAreRemovedButNoneThatAStartMayNeed() throws Exception {
        long bytes = 85; // of each
        try (LogWriter log = start(new LogSettings(0, 1, false, 2 * bytes + 50, 0, false, false));
                ServerLogEvents events = new ServerLogEvents(Archive.class)) {
            log(log, 1, 6);
            Path foreign = Files.writeString(logs("messages.jsonl.1"), "x".repeat(1000));
            assertEquals(bytes, Files.size(logs(named(1))));
            Files.writeString(logs(named(6)), "x".repeat(1000)); // the active file has receipt 6, too
            Files.writeString(logs(packed(2)), "a kill came before the other was removed");

            archive(log).look();

            assertEquals(
                    List.of(
                            named(4),
                            named(5),
                            named(6),
                            "messages.jsonl",
                            foreign.getFileName().toString()),
                    names());
            assertEquals(
                    LongStream.rangeClosed(1, 3)
                            .mapToObj(each ->
                                    "removed " + named(each) + ": the renamed files took more than --keep-bytes=220")
                            .toList(),
                    events.list().stream()
                            .map(each -> each.getFormattedMessage())
                            .toList());
        }
    }

    @Test
    void afterARemovalReceiptsGoOnAndKeysAreAnswered() throws Exception {
        Append keyed = Requests.message(ALICE, Optional.of(new RequestKey("k")), "keyed");
        Appended.Logged first;
        try (LogWriter log = start(new LogSettings(0, 1, false, 1, 0, false, false))) {
            first = (Appended.Logged) log.commit(List.of(keyed)).get(0);
            log(log, 2, 4);
            archive(log).look();
            assertEquals(List.of("messages.jsonl"), names());
        }
        Files.write(files.log(), new byte[0]);
        try (LogWriter log = start(EACH_A_FILE)) {
            log(log, 5, 5);
            assertEquals(
                    new Appended.Repeated(first.receipts(), first.time()),
                    log.commit(List.of(keyed)).get(0));
        }
        Files.delete(files.journal());
        Files.delete(files.log());
        try (LogWriter log = new Start(disk, files, clock, () -> nanos).run(Past.LOST_JOURNAL)) {
            long receipt = Requests.firstReceipt(
                    (Appended.Logged) log.commit(List.of(keyed)).get(0));
            assertEquals(LineText.micros(clock.instant()), receipt);
        }
    }

    @Test
    void ofThoseWhoseMessagesAreAllTooOldEachLookRemovesOne() throws Exception {
        try (LogWriter log = start(new LogSettings(0, 1, false, 0, 2, false, false))) {
            for (int day = 1; day <= 5; day++) {
                log(log, day, day);
                pass(day < 5 ? Duration.ofDays(1) : Duration.ofHours(1));
            }
            Archive archive = archive(log);
            archive.look();
            assertEquals(List.of(named(2), named(3), named(4), "messages.jsonl"), names());
            archive.look();
            archive.look(); // the fourth message is less than two days old, so there may be such a one in the third
            // file
            assertEquals(List.of(named(3), named(4), "messages.jsonl"), names());
        }
    }

    @Test
    void aClockThatIsSetOrFarFromTheLastMessageRemovesNothing() throws Exception {
        try (LogWriter log = start(new LogSettings(0, 1, false, 0, 2, false, false));
                ServerLogEvents events = new ServerLogEvents(Archive.class)) {
            log(log, 1, 3);
            Archive archive = archive(log);
            clock.move(Duration.ofDays(5_000));
            archive.look();
            log(log, 4, 4);
            archive.look();
            assertEquals(4, names().size());
            assertEquals(1, events.list().size());
            assertTrue(events.list().get(0).getFormattedMessage().startsWith("the clock was set: --keep-days"));
            clock.move(Duration.ofDays(-5_000));
            Archive later = archive(log);
            later.look();
            assertEquals(4, names().size());
        }
    }

    /** As after a boot at which the clock said 1970 for a while. */
    @Test
    void aFileOfFreshMessagesStaysThoughTheNextBeganWithAClockFarBehind() throws Exception {
        try (LogWriter log = start(new LogSettings(0, 1, false, 0, 2, false, false))) {
            log(log, 1, 1);
            clock.move(Duration.ofDays(-5_000));
            log(log, 2, 2);
            clock.move(Duration.ofDays(5_000));
            log(log, 3, 3);

            archive(log).look();

            assertEquals(List.of(named(1), named(2), "messages.jsonl"), names());
        }
    }

    @Test
    void aFileThatCanNotBePackedKeepsNoOtherFromIt() throws Exception {
        try (LogWriter log = start(PACKING);
                ServerLogEvents events = new ServerLogEvents(Archive.class)) {
            log(log, 1, 3);
            Files.createDirectories(logs(packed(1)).resolve("something"));

            archive(log).look();

            assertEquals(List.of(named(1), packed(1), packed(2), "messages.jsonl"), names());
            assertTrue(events.list().get(0).getFormattedMessage().contains("can't pack " + logs(named(1))));
        }
    }

    @Test
    void whateverOperationAKillComesBeforeEachMessageIsReadableAndTheNextLookEndsIt() throws Exception {
        files = files(PACKING);
        boolean isKilled = true;
        for (int operations = 0; isKilled; operations++) {
            PowerCutDisk memory = new PowerCutDisk(new Random(1));
            disk = memory;
            LogWriter log = new Start(disk, files, clock, () -> nanos).run(Past.NEW);
            log(log, 1, 3);
            int[] left = {operations};
            memory.observe((operation, path) -> {
                if (left[0]-- == 0) {
                    throw new PowerCutDisk.Killed();
                }
            });
            isKilled = false;
            try {
                archive(log).look();
            } catch (PowerCutDisk.Killed e) {
                isKilled = true;
            }
            memory.observe((operation, path) -> {});
            for (long receipt = 1; receipt < 3; receipt++) {
                assertTrue(
                        text(memory, receipt).startsWith("{\"receipt\":\"" + receipt + "\""),
                        "killed before operation " + operations);
            }
            archive(log).look();
            assertEquals(
                    List.of(packed(1), packed(2), "messages.jsonl"),
                    memory.list(files.log().getParent()).stream()
                            .map(each -> each.getFileName().toString())
                            .toList());
        }
    }

    @Test
    void whereTheDiskHasNoRoomBeyondKeepFreeNothingIsPacked() throws Exception {
        PowerCutDisk memory = new PowerCutDisk(new Random(1));
        disk = memory;
        LogWriter log = start(new LogSettings(5_000, 1, false, 0, 0, true, false));
        log(log, 1, 2);
        memory.fillUpAfter(5_084);

        String reason = assertThrows(IOException.class, archive(log)::look).getMessage();

        assertTrue(reason.contains("--keep-free"), reason);
        memory.fillUpAfter(5_085);
        archive(log).look();
        assertTrue(memory.stat(logs(packed(1))).isPresent());
    }

    @Test
    void theThreadLooksAfterEachRollAndEndsWhenItIsClosed() throws Exception {
        try (LogWriter log = start(PACKING);
                Archive archive = archive(log)) {
            archive.start();
            for (long receipt = 1; receipt <= 3; receipt++) {
                log(log, receipt, receipt);
                Path last = logs(packed(receipt - 1));
                Await.until(() -> last.endsWith(packed(0)) || Files.exists(last));
            }
        }
        assertFalse(Thread.getAllStackTraces().keySet().stream()
                .anyMatch(each -> each.isAlive() && each.getName().equals("message-log-archive")));
    }

    private LogWriter start(LogSettings settings) throws IOException {
        files = files(settings);
        return new Start(disk, files, clock, () -> nanos).run(Past.NEW);
    }

    private MessageFiles files(LogSettings settings) {
        return new MessageFiles(
                home.resolve("data/messages.journal"), logs("messages.jsonl"), Sync.ALWAYS, 1 << 20, 800, settings);
    }

    private Archive archive(LogWriter log) {
        return new Archive(disk, files, clock, () -> nanos, log);
    }

    private void pass(Duration time) {
        clock.move(time);
        nanos += time.toNanos();
    }

    private static void log(LogWriter log, long first, long last) throws IOException {
        for (long receipt = first; receipt <= last; receipt++) {
            Append request = Requests.message(ALICE, Optional.empty(), "text " + receipt);
            Appended.Logged logged =
                    (Appended.Logged) log.commit(List.of(request)).get(0);
            assertEquals(receipt, Requests.firstReceipt(logged));
        }
    }

    private Path logs(String name) {
        return home.resolve("logs").resolve(name);
    }

    private static String named(long receipt) {
        return String.format("messages-%019d-%019d.jsonl", receipt, receipt);
    }

    private static String packed(long receipt) {
        return named(receipt) + ".gz";
    }

    private List<String> names() throws IOException {
        try (Stream<Path> names = Files.list(home.resolve("logs"))) {
            return names.map(each -> each.getFileName().toString()).sorted().toList();
        }
    }

    private String text(PowerCutDisk memory, long receipt) throws IOException {
        if (memory.stat(logs(named(receipt))).isPresent()) {
            return new String(memory.read(logs(named(receipt))), UTF_8);
        }
        try (GZIPInputStream packed =
                new GZIPInputStream(new ByteArrayInputStream(memory.read(logs(packed(receipt)))))) {
            return new String(packed.readAllBytes(), UTF_8);
        }
    }

    private static List<String> receipts(long first, long last) {
        return LongStream.rangeClosed(first, last)
                .mapToObj(each -> "text " + each)
                .toList();
    }

    private List<String> read() throws IOException {
        List<String> texts = new ArrayList<>();
        try (FileLogReader reader = FileLogReader.ofLog(files.log(), LogRange.from(1))) {
            while (reader.next()) {
                texts.add(reader.line().escapedText());
            }
        }
        return texts;
    }
}
