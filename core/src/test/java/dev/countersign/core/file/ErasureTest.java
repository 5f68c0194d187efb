package dev.countersign.core.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.Appended;
import dev.countersign.core.ClientId;
import dev.countersign.core.Erased;
import dev.countersign.core.LogRange;
import dev.countersign.core.LogSettings;
import dev.countersign.core.MovableClock;
import dev.countersign.core.Past;
import dev.countersign.core.RequestKey;
import dev.countersign.core.Sync;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The texts of one id are removed from all files of the log and from the journal; here three messages fill a file. */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class ErasureTest {

    private static final ClientId ALICE = new ClientId("alice");
    private static final ClientId BOB = new ClientId("bob");
    private static final String SECRET = "a secret of hers";
    private static final int ROLL_BYTES = 300;
    private static final String UNFINISHED = "messages.gz.new";

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
        files = files(0, ROLL_BYTES);
    }

    @Test
    void theTextsAreInNoFileAfterwardsAndAllElseIsAsItWas() throws Exception {
        List<String> before;
        try (LogWriter log = start()) {
            for (int i = 0; i < 5; i++) {
                logBoth(log, i);
            }
            archive(log).look();
            logBoth(log, 5);
            Files.move(files.log(), logs("messages.jsonl.1")); // as logrotate does
            log.probe();
            nanos += TimeUnit.SECONDS.toNanos(1);
            log.probe(); // a new file begins, with the same lines since the last flush
            logBoth(log, 6);
            Files.writeString(logs(UNFINISHED), "a kill came in the middle of packing " + SECRET);
            before = lines();
            assertEquals(7 * 6, before.size());

            Erased erased = erase(log, ALICE);

            assertEquals("", erased.left());
            assertTrue(erased.messages() > 7 * 4, erased.toString());
            assertEquals(before.stream().map(ErasureTest::erased).toList(), lines());
            assertEquals(new Erased(0, ""), erase(log, ALICE));
            logBoth(log, 7); // what comes after stays
            assertEquals(7 * 6 + 6, lines().size());
            assertTrue(lines().get(7 * 6).contains(SECRET));
        }
        assertTrue(names().stream().anyMatch(name -> name.endsWith(".gz")), names().toString());
        assertWell();
        try (LogWriter log = start()) {
            assertEquals(7 * 6 + 6, lines().size());
            erase(log, ALICE);
        }
        assertNowhere(SECRET);
        assertWell();
    }

    @Test
    void aRepeatOfAnErasedRequestIsAnsweredAsBefore() throws Exception {
        Append keyed = Requests.message(ALICE, Optional.of(new RequestKey("k")), SECRET);
        Appended.Logged first;
        try (LogWriter log = start()) {
            first = (Appended.Logged) log.commit(List.of(keyed)).get(0);
            assertEquals(1, erase(log, ALICE).messages());
            assertRepeated(first, log.commit(List.of(keyed)).get(0));
        }
        try (LogWriter log = start()) {
            assertRepeated(first, log.commit(List.of(keyed)).get(0));
        }
        assertNowhere(SECRET);
    }

    @Test
    void aReaderThatReadsMeanwhileGetsEachMessageOnceAndGoesOnWithTheNext() throws Exception {
        try (LogWriter log = start()) {
            logBoth(log, 0);
            logBoth(log, 1);
            try (FileLogReader reader = FileLogReader.ofLog(files.log(), LogRange.from(1));
                    FileLogReader atTheEnd = FileLogReader.ofLog(files.log(), LogRange.from(1))) {
                assertEquals(List.of(1L, 2L, 3L, 4L, 5L), receipts(reader, 5));
                assertEquals(12, receipts(atTheEnd, 20).size());

                erase(log, ALICE);
                logBoth(log, 2);

                assertEquals(LongStream.rangeClosed(6, 18).boxed().toList(), receipts(reader, 20));
                assertEquals(LongStream.rangeClosed(13, 18).boxed().toList(), receipts(atTheEnd, 20));
            }
        }
    }

    @ParameterizedTest
    @ValueSource(booleans = {false, true})
    void whateverOperationAKillComesBeforeEachMessageIsErasedOrAsItWasAndErasingAgainEndsIt(boolean packed)
            throws Exception {
        boolean isKilled = true;
        for (int operations = 0; isKilled; operations++) {
            PowerCutDisk memory = new PowerCutDisk(new Random(1));
            disk = memory;
            LogWriter log = start();
            logBoth(log, 0);
            logBoth(log, 1);
            if (packed) {
                archive(log).look();
            }
            Map<Long, String> before = lines(memory);
            int[] left = {operations};
            memory.observe((operation, path) -> {
                if (left[0]-- <= 0) {
                    throw new PowerCutDisk.Killed();
                }
            });
            isKilled = false;
            try {
                erase(log, ALICE);
            } catch (PowerCutDisk.Killed e) {
                isKilled = true;
            }
            memory.observe((operation, path) -> {});
            assertHalfErased(before, memory.powerCut(operations), "power cut before operation " + operations);
            assertHalfErased(before, memory, "kill before operation " + operations);
        }
    }

    @Test
    void whatWasRemovedBeforeDoesNotComeBackWithAPowerCut() throws Exception {
        files = new MessageFiles(
                files.journal(),
                files.log(),
                files.sync(),
                files.ringBytes(),
                files.rememberedKeys(),
                new LogSettings(0, files.settings().rollBytes(), false, 1, 0, false, false));
        PowerCutDisk memory = new PowerCutDisk(new Random(1));
        disk = memory;
        LogWriter log = start();
        logBoth(log, 0);
        erase(log, BOB); // now no message is in the active file
        archive(log).look();
        assertEquals(List.of(files.log()), memory.list(files.log().getParent()));

        assertEquals(new Erased(0, ""), erase(log, ALICE));

        for (int seed = 0; seed < 20; seed++) {
            PowerCutDisk image = memory.powerCut(seed);
            assertEquals(List.of(files.log()), image.list(files.log().getParent()), "seed " + seed);
        }
    }

    private void assertHalfErased(Map<Long, String> before, PowerCutDisk image, String when) throws IOException {
        disk = image;
        LogWriter again = start();
        Map<Long, String> after = lines(image);
        assertEquals(before.keySet(), after.keySet(), when);
        after.forEach((receipt, line) -> assertTrue(
                line.equals(before.get(receipt)) || line.equals(erased(before.get(receipt))), when + ": " + line));
        erase(again, ALICE);
        lines(image).forEach((receipt, line) -> assertEquals(erased(before.get(receipt)), line, when));
        for (String folder : List.of("data", "logs")) {
            for (Path file : image.list(home.resolve(folder))) {
                assertFalse(content(file, image.read(file)).contains(SECRET), () -> when + ": " + file);
            }
        }
        assertTrue(image.stat(logs(UNFINISHED)).isEmpty(), when);
    }

    @Test
    void whileBatchesGoOnTheJournalIsClearedOfWhatWasBeforeAndOfNothingElse() throws Exception {
        files = files(0, 1 << 20);
        String text = "x".repeat(5_000);
        AtomicBoolean done = new AtomicBoolean();
        LogWriter killed = start(); // never closed: as a kill leaves it
        log(killed, ALICE, SECRET);
        CompletableFuture<Long> commits = CompletableFuture.supplyAsync(() -> {
            try {
                long last = 0;
                while (!done.get()) {
                    last = log(killed, BOB, text);
                }
                return last;
            } catch (IOException e) {
                throw new IllegalStateException(e);
            }
        });
        for (int i = 0; i < 20; i++) {
            killed.seal();
            killed.checkpoint();
            killed.seal();
            assertFalse(content(files.journal(), Files.readAllBytes(files.journal()))
                    .contains(SECRET));
        }
        done.set(true);
        long last = commits.get();

        try (LogWriter log = start()) {
            assertEquals(last, lines().size());
            assertEquals(last + 1, log(log, BOB, "goes on"));
        }
        assertWell();
    }

    @Test
    void aTornOrDamagedLineOfTheIdIsErasedTooAndForeignOnesStay() throws Exception {
        String time = "\"time\":\"2026-11-26T12:00:00.000000Z\"";
        try (LogWriter log = start()) {
            logBoth(log, 0);
            Files.writeString(
                    logs("messages.jsonl.1"),
                    "{\"receipt\":\"1\"," + time + ",\"id\":\"alice\",\"message\":\"" + SECRET + "\"} \n"
                            + "hello\n\n"
                            + "{\"receipt\":\"2\"," + time + ",\"id\":\"alice2\",\"message\":\"of another\"}\n"
                            + "{\"receipt\":\"3\"," + time + ",\"id\":\"alice\",\"key\":\"k\",\"message\":\"" + SECRET);
            Files.writeString(logs("messages.jsonl.2"), "{\"receipt\":\"9\"," + time + ",\"id\":\"alice");

            erase(log, ALICE);
        }
        assertEquals(
                "{\"receipt\":\"1\"," + time + ",\"erased\":true}\n"
                        + "hello\n\n"
                        + "{\"receipt\":\"2\"," + time + ",\"id\":\"alice2\",\"message\":\"of another\"}\n"
                        + "{\"receipt\":\"3\"," + time + ",\"erased\":true}\n",
                Files.readString(logs("messages.jsonl.1")));
        assertEquals("{\"receipt\":\"9\"," + time + ",\"id\":\"alice", Files.readString(logs("messages.jsonl.2")));
    }

    @Test
    void aFileThatCanNotBeReadOrIsNotOfTheLogIsNamedAndTheOthersAreErased() throws Exception {
        try (LogWriter log = start()) {
            logBoth(log, 0);
            Files.write(logs("messages.jsonl.2.gz"), new byte[] {1, 2, 3});
            Files.writeString(logs("messages.jsonl.3.xz"), "packed by something else");

            Erased erased = erase(log, ALICE);

            assertEquals(4, erased.messages());
            assertTrue(
                    erased.left()
                            .matches(
                                    "messages.jsonl.2.gz: \\w+Exception .*; messages.jsonl.3.xz: by its name it is no file of"
                                            + " the log"),
                    erased.left());
        }
        assertNowhere(SECRET);
    }

    @Test
    void aFileThatSomebodyRenamesMeanwhileIsErasedUnderItsNewName() throws Exception {
        PowerCutDisk memory = new PowerCutDisk(new Random(1));
        disk = memory;
        LogWriter log = start();
        logBoth(log, 0);
        Path renamed = logs("messages.jsonl.7");
        memory.observe((operation, path) -> {
            if (operation.equals("flush") && path.endsWith(UNFINISHED)) {
                memory.observe((other, same) -> {});
                Path first = memory.list(logs("")).stream()
                        .filter(StoredFile::isRotated)
                        .findFirst()
                        .orElseThrow();
                memory.rename(first, renamed);
            }
        });

        erase(log, ALICE);

        assertTrue(memory.stat(renamed).isPresent());
        assertEquals(6, lines(memory).size());
        assertFalse(lines(memory).toString().contains(SECRET));
    }

    @Test
    void aPackedFileOfSeveralPartsKeepsThemAll() throws Exception {
        int partBytes =
                256 * 1024; // the first fills what is read at once: how gzip's reader tells that another follows
        byte[] first = {};
        for (int length = partBytes - 500; length < partBytes && first.length != partBytes; length++) {
            first = gzip("{" + "x".repeat(length) + "\n");
        }
        assertEquals(partBytes, first.length);
        String rest = "{\"receipt\":\"1\",\"time\":\"2026-11-26T12:00:00.000000Z\",\"id\":\"%s\",\"message\":\"%s\"}\n";
        byte[] second = gzip(rest.formatted("alice", SECRET) + rest.formatted("bob", "of bob"));
        Path packed = logs("messages.jsonl.1.gz");
        try (OutputStream out = Files.newOutputStream(packed)) {
            out.write(first);
            out.write(second);
        }
        try (LogWriter log = start()) {
            logBoth(log, 0);
            erase(log, ALICE);
        }
        String content = content(packed, Files.readAllBytes(packed));
        assertFalse(content.contains(SECRET));
        assertTrue(content.endsWith(rest.formatted("bob", "of bob")));
        assertTrue(content.startsWith("{xxx"));
    }

    @Test
    void ofALinkTheFileThatItLeadsToIsErased(@TempDir Path elsewhere) throws Exception {
        Path moved = elsewhere.resolve("moved");
        try (LogWriter log = start()) {
            logBoth(log, 0);
            logBoth(log, 1);
            Path first = logs(names().get(0));
            Files.move(first, moved);
            Files.createSymbolicLink(first, moved);

            erase(log, ALICE);

            assertTrue(Files.isSymbolicLink(first));
            assertFalse(Files.readString(moved).contains(SECRET));
            assertEquals(12, lines().size());
        }
    }

    @Test
    void withoutRoomNothingIsChangedAndThereIsALineThatSaysSo() throws Exception {
        PowerCutDisk memory = new PowerCutDisk(new Random(1));
        disk = memory;
        files = files(5_000, ROLL_BYTES);
        LogWriter log = start();
        logBoth(log, 0);
        Map<Long, String> before = lines(memory);
        memory.fillUpAfter(5_100);

        String reason = assertThrows(UncheckedIOException.class, () -> erase(log, ALICE))
                .getMessage();

        assertTrue(reason.contains("--keep-free"), reason);
        assertEquals(before, lines(memory));
        memory.fillUpAfter(Long.MAX_VALUE);
        memory.observe((operation, path) -> {
            if (operation.equals("write") && path.endsWith(UNFINISHED)) {
                throw new IOException("No space left on device");
            }
        });
        assertThrows(UncheckedIOException.class, () -> erase(log, ALICE));
        assertEquals(before, lines(memory));
        assertTrue(memory.stat(logs(UNFINISHED)).isEmpty());
        memory.observe((operation, path) -> {});
        assertEquals(4, erase(log, ALICE).messages());
    }

    @Test
    void anArchiveThatIsClosedRefusesToErase() throws Exception {
        try (LogWriter log = start()) {
            logBoth(log, 0);
            Archive archive = archive(log);
            archive.start();
            assertEquals(4, archive.erase(ALICE).toCompletableFuture().get().messages());
            archive.close();

            Throwable failure = assertThrows(
                            ExecutionException.class,
                            () -> archive.erase(BOB).toCompletableFuture().get())
                    .getCause();

            assertEquals("the server stops; erase again when it runs", failure.getMessage());
        }
    }

    private LogWriter start() throws IOException {
        return new Start(disk, files, clock, () -> nanos).run(Past.NEW);
    }

    private MessageFiles files(long keepFree, long rollBytes) {
        return new MessageFiles(
                home.resolve("data/messages.journal"),
                logs("messages.jsonl"),
                Sync.ALWAYS,
                4 << 20, // of which a first start makes a half
                800,
                new LogSettings(keepFree, rollBytes, false, 0, 0, true, false));
    }

    private Archive archive(LogWriter log) {
        return new Archive(disk, files, clock, () -> nanos, log);
    }

    private Erased erase(LogWriter log, ClientId id) {
        return new Erasure(disk, files, logs(UNFINISHED), id, () -> false).run(log);
    }

    /** Two messages of bob's, and four of alice's, three of them in one request. */
    private void logBoth(LogWriter log, int number) throws IOException {
        log(log, ALICE, SECRET + " " + number);
        log(log, BOB, "not hers " + number);
        Optional<RequestKey> key = Optional.of(new RequestKey("key-" + number));
        log.commit(List.of(
                Requests.messages(ALICE, key, List.of(SECRET, "\n" + SECRET, "é" + SECRET)),
                Requests.message(BOB, key, "keyed \"alice\"")));
        clock.move(Duration.ofSeconds(1));
    }

    private static long log(LogWriter log, ClientId id, String text) throws IOException {
        return Requests.firstReceipt((Appended.Logged) log.commit(List.of(Requests.message(id, Optional.empty(), text)))
                .get(0));
    }

    private static void assertRepeated(Appended.Logged first, Appended outcome) {
        assertEquals(new Appended.Repeated(first.receipts(), first.time()), outcome);
    }

    private static String erased(String line) {
        return line.contains("\"id\":\"alice\"")
                ? line.substring(0, line.indexOf(",\"id\"")) + ",\"erased\":true}"
                : line;
    }

    private Path logs(String name) {
        return home.resolve("logs").resolve(name);
    }

    private List<String> names() throws IOException {
        try (Stream<Path> names = Files.list(home.resolve("logs"))) {
            return names.map(each -> each.getFileName().toString()).sorted().toList();
        }
    }

    private static List<Long> receipts(FileLogReader reader, int most) throws IOException {
        List<Long> receipts = new ArrayList<>();
        while (receipts.size() < most && reader.next()) {
            receipts.add(reader.line().receipt());
        }
        return receipts;
    }

    private List<String> lines() throws IOException {
        ByteArrayOutputStream lines = new ByteArrayOutputStream();
        try (FileLogReader reader = FileLogReader.ofLog(files.log(), LogRange.from(1))) {
            while (reader.next()) {
                reader.writeLine(lines);
            }
        }
        return lines.toString(UTF_8).lines().toList();
    }

    /** By receipt; a file that stands there packed and not has the same lines in both. */
    private Map<Long, String> lines(PowerCutDisk memory) throws IOException {
        Map<Long, String> lines = new TreeMap<>();
        for (Path file : memory.list(home.resolve("logs"))) {
            if (!file.endsWith(UNFINISHED)) {
                for (String line : content(file, memory.read(file)).lines().toList()) {
                    String receipt = line.substring(line.indexOf(":\"") + 2, line.indexOf("\",\"time\""));
                    lines.put(Long.valueOf(receipt), line);
                }
            }
        }
        return lines;
    }

    private static String content(Path file, byte[] bytes) throws IOException {
        if (!file.toString().endsWith(".gz")) {
            return new String(bytes, file.toString().endsWith(".journal") ? ISO_8859_1 : UTF_8);
        }
        try (GZIPInputStream packed = new GZIPInputStream(new ByteArrayInputStream(bytes))) {
            return new String(packed.readAllBytes(), UTF_8);
        }
    }

    private static byte[] gzip(String text) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (OutputStream out = new GZIPOutputStream(bytes) {
            {
                def.setLevel(0);
            }
        }) {
            out.write(text.getBytes(UTF_8));
        }
        return bytes.toByteArray();
    }

    /** Neither in any file of the home as it is nor, where it is packed, as it was. */
    private void assertNowhere(String text) throws IOException {
        try (Stream<Path> all = Files.walk(home)) {
            for (Path file : all.filter(Files::isRegularFile).toList()) {
                byte[] bytes = Files.readAllBytes(file);
                assertFalse(new String(bytes, ISO_8859_1).contains(text), file.toString());
                if (bytes.length > 3) {
                    assertFalse(content(file, bytes).contains(text), file.toString());
                }
            }
        }
    }

    private void assertWell() throws IOException {
        List<String> report = new ArrayList<>();
        assertTrue(new LogCheck(report::add, (read, bytes) -> {}).ofLog(files.log()), report::toString);
    }
}
