package dev.countersign.core.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.LineText;
import dev.countersign.core.LogLine;
import dev.countersign.core.LogRange;
import dev.countersign.core.OpenFiles;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What stands in the files of a log, in whatever state they are, is read in order, once, and is told apart from the rest. */
class LogReaderTest {

    private static final String BEFORE_TEXT =
            "{\"receipt\":\"1\",\"time\":\"2026-11-26T14:44:15.525102Z\",\"id\":\"bob\",\"message\":\"";
    private static final LogRange ALL = LogRange.from(0);

    @TempDir
    Path folder;

    private Path active;

    @BeforeEach
    void nameActiveFile() {
        active = folder.resolve("messages.jsonl");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "hi",
                "",
                "\\\"\\\\\\u0000\\u001b[31m\\u202e",
                "é \u4e16 \ud83d\ude00 \ufffd",
            })
    void aLineOfTheServersIsRead(String text) {
        assertTrue(isMessage(BEFORE_TEXT + text + "\"}"));
    }

    @Test
    void aLineHasItsMembers() {
        LogLine line = parse(
                "{\"receipt\":\"42\",\"time\":\"2026-11-26T14:44:15.525102Z\",\"id\":\"al.ice\",\"key\":\"a\\\"b\","
                        + "\"part\":\"2/3\",\"message\":\"say \\\"hi\\\"\\u000a\"}");

        assertEquals(42, line.receipt());
        assertEquals(Instant.parse("2026-11-26T14:44:15.525102Z"), LineText.instant(line.micros()));
        assertEquals("2026-11-26T14:44:15.525102Z", line.time());
        assertEquals(Optional.of("al.ice"), line.id());
        assertEquals("2/3", line.part() + "/" + line.parts());
        assertEquals("say \"hi\"\\u000a", line.escapedText());
    }

    @Test
    void anErasedLineAndOneOfAnEarlierVersionAreMessages() {
        assertTrue(parse("{\"receipt\":\"1\",\"time\":\"2026-11-26T14:44:15.525102Z\",\"erased\":true}")
                .isErased());
        assertEquals(
                Instant.parse("2026-11-26T14:44:15.500Z"),
                LineText.instant(
                        parse("{\"receipt\":\"1\",\"time\":\"2026-11-26T14:44:15.500Z\",\"id\":\"a\",\"message\":\"\"}")
                                .micros()));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "{}",
                "hello",
                "\u0000\u0000\u0000",
                "{\"receipt\":\"0\",\"time\":\"2026-11-26T14:44:15.525102Z\",\"id\":\"bob\",\"message\":\"\"}",
                "{\"receipt\":\"01\",\"time\":\"2026-11-26T14:44:15.525102Z\",\"id\":\"bob\",\"message\":\"\"}",
                "{\"receipt\":\"9999999999999999999\",\"time\":\"2026-11-26T14:44:15.525102Z\",\"id\":\"bob\",\"message\":\"\"}",
                "{\"receipt\":1,\"time\":\"2026-11-26T14:44:15.525102Z\",\"id\":\"bob\",\"message\":\"\"}",
                "{\"receipt\":\"1\",\"time\":\"2026-13-26T14:44:15.525102Z\",\"id\":\"bob\",\"message\":\"\"}",
                "{\"receipt\":\"1\",\"time\":\"2026-11-26T14:44:61.525102Z\",\"id\":\"bob\",\"message\":\"\"}",
                "{\"receipt\":\"1\",\"time\":\"2026-11-26T14:44:15.525102+\",\"id\":\"bob\",\"message\":\"\"}",
                "{\"receipt\":\"1\",\"time\":\"2026-11-26T14:44:15.52510212Z\",\"id\":\"bob\",\"message\":\"\"}",
                "{\"receipt\":\"1\",\"time\":\"2026-11-26T14:44:15",
                "{\"receipt\":\"1\",\"time\":\"",
                "{\"receipt\":\"1\",\"time\":\"2026-11-26T14:44:15.525102Z\",\"id\":\"\",\"message\":\"\"}",
                "{\"receipt\":\"1\",\"time\":\"2026-11-26T14:44:15.525102Z\",\"id\":\"b b\",\"message\":\"\"}",
                "{\"receipt\":\"1\",\"time\":\"2026-11-26T14:44:15.525102Z\",\"id\":\"bob\",\"part\":\"3/2\",\"message\":\"\"}",
                "{\"receipt\":\"1\",\"time\":\"2026-11-26T14:44:15.525102Z\",\"id\":\"bob\",\"part\":\"1/1\",\"message\":\"\"}",
                "{\"receipt\":\"1\",\"time\":\"2026-11-26T14:44:15.525102Z\",\"message\":\"\",\"id\":\"bob\"}",
                "{\"receipt\":\"1\",\"time\":\"2026-11-26T14:44:15.525102Z\",\"id\":\"bob\",\"message\":null}",
                "{\"receipt\":\"1\",\"time\":\"2026-11-26T14:44:15.525102Z\",\"erased\":true} ",
                BEFORE_TEXT + "hi",
                BEFORE_TEXT + "hi\"",
                BEFORE_TEXT + "hi\"} ",
                BEFORE_TEXT + "hi\",\"more\":1}",
                BEFORE_TEXT + "\\n\"}",
                BEFORE_TEXT + "\\u00g0\"}",
                BEFORE_TEXT + "\\ud800\"}",
                BEFORE_TEXT + "\\u00",
                BEFORE_TEXT + "\\",
                BEFORE_TEXT + "\t\"}",
                BEFORE_TEXT + "\u001b[31m\"}",
                BEFORE_TEXT + "\u007f\"}",
                BEFORE_TEXT + "\u009b31m\"}",
                BEFORE_TEXT + "\u2028\"}",
                BEFORE_TEXT + "\u202e\"}",
            })
    void anotherLineIsNoMessage(String line) {
        assertFalse(isMessage(line));
    }

    /** As Latin-1: bytes that are no UTF-8. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "\u0080",
                "\u00c0\u00af",
                "\u00c3",
                "\u00c3\u0028",
                "\u00e0\u0080\u00af",
                "\u00ed\u00a0\u0080",
                "\u00f0\u0080\u0080\u00af",
                "\u00f4\u0090\u0080\u0080",
                "\u00f5\u0080\u0080\u0080",
                "\u00ff"
            })
    void textThatIsNoUtf8IsNoMessage(String text) {
        byte[] line = (BEFORE_TEXT + text + "\"}\n").getBytes(ISO_8859_1);

        assertFalse(new LogLine().parse(line, 0, line.length));
    }

    @Test
    void eachMessageIsGivenOnceFromFilesOfAllKinds() throws IOException {
        pack(named(1, 3, ".jsonl"), lines(1, 3));
        write(named(4, 6, ".jsonl"), "nobody's\n" + lines(4, 6));
        pack(named(4, 6, ".jsonl"), "half packed\n");
        pack(named(6, 7, ".2.jsonl"), lines(6, 7));
        write(folder.resolve("messages.jsonl.1"), lines(8, 9));
        write(folder.resolve("messages.jsonl.new"), lines(900, 901));
        write(active, lines(9, 11) + line(12).substring(0, 30));

        try (FileLogReader reader = FileLogReader.ofLog(active, ALL)) {
            assertEquals(receipts(1, 11), rest(reader));
            assertEquals(1, reader.foreignLines());
        }
    }

    @Test
    void aFileIsReadByNameWhateverItsOrderAndItsPacking() throws IOException {
        Path packed = pack(folder.resolve("messages.jsonl.2"), lines(1, 2));
        Path other = folder.resolve("other");
        write(other, lines(3, 4));

        try (FileLogReader reader = FileLogReader.ofFiles(List.of(other, packed), ALL)) {
            assertEquals(receipts(1, 4), rest(reader));
        }
    }

    @Test
    void whereNothingIsNothingIsRead() throws IOException {
        try (FileLogReader missing = FileLogReader.ofLog(folder.resolve("none/messages.jsonl"), ALL)) {
            assertFalse(missing.next());
        }
        write(active, "");
        try (FileLogReader empty = FileLogReader.ofLog(active, new LogRange(0, ALL.since(), ALL.until(), 5))) {
            assertFalse(empty.next());
        }
    }

    @Test
    void aPackedFileThatIsCutOffIsNamed() throws IOException {
        Path packed = pack(named(1, 3, ".jsonl"), lines(1, 3));
        byte[] whole = Files.readAllBytes(packed);
        Files.write(packed, Arrays.copyOf(whole, whole.length - 12));

        try (FileLogReader reader = FileLogReader.ofLog(active, ALL)) {
            IOException failure = assertThrows(IOException.class, () -> rest(reader));
            assertTrue(failure.getMessage().contains(packed.toString()), failure.getMessage());
        }
    }

    @Test
    void theLongestLineIsReadAndAnEndlessOneIsPassedOver() throws IOException {
        String longest = line(2).replace("text 2", "\\u0000".repeat(1024 * 1024));
        write(active, lines(1, 1) + longest + "x".repeat(20 * 1024 * 1024) + "\n" + lines(3, 3));

        try (FileLogReader reader = FileLogReader.ofLog(active, ALL)) {
            assertEquals(receipts(1, 3), rest(reader));
            assertEquals(1, reader.foreignLines());
        }
    }

    @Test
    @Timeout(value = 2, unit = TimeUnit.MINUTES)
    void receiptsAndTimesAreFoundInAMillionLines() throws IOException {
        try (BufferedWriter writer = Files.newBufferedWriter(active)) {
            String second = "";
            for (long receipt = 1_001; receipt <= 1_001_000; receipt++) {
                if (receipt % 1_000 == 0 || second.isEmpty()) {
                    second = time(receipt).toString().substring(0, "2026-11-26T14:00:00.".length());
                }
                writer.write(line(
                        receipt,
                        second + String.valueOf(1_000 + receipt % 1_000).substring(1) + "001Z"));
            }
        }

        for (long wanted : List.of(1L, 1_001L, 1_002L, 500_000L, 999_999L, 1_001_000L)) {
            long found = Math.max(wanted, 1_001);
            assertEquals(found, first(LogRange.from(wanted)));
            Instant time = time(wanted);
            assertEquals(found, first(new LogRange(0, time, ALL.until(), Long.MAX_VALUE)));
            assertEquals(
                    Math.max(found, 1_001),
                    first(new LogRange(0, time.minusNanos(1_000), ALL.until(), Long.MAX_VALUE)));
        }
        try (FileLogReader reader = FileLogReader.ofLog(active, LogRange.from(1_001_001))) {
            assertFalse(reader.next());
        }
        try (FileLogReader reader =
                FileLogReader.ofLog(active, new LogRange(0, time(700_000), time(700_002), Long.MAX_VALUE))) {
            assertEquals(receipts(700_000, 700_002), rest(reader));
        }
        try (FileLogReader reader = FileLogReader.ofLog(active, new LogRange(0, ALL.since(), ALL.until(), 3))) {
            assertEquals(receipts(1_000_998, 1_001_000), rest(reader));
        }
    }

    @ParameterizedTest
    @CsvSource({"1, 10", "4, 7", "5, 6", "6, 5", "7, 3", "9, 1", "100, 1"})
    void theLastAreCountedAcrossFiles(long count, long first) throws IOException {
        pack(named(1, 3, ".jsonl"), lines(1, 3));
        pack(folder.resolve("messages.jsonl.1"), lines(5, 7));
        write(active, lines(7, 10));

        try (FileLogReader reader = FileLogReader.ofLog(active, new LogRange(0, ALL.since(), ALL.until(), count))) {
            assertTrue(reader.next());
            assertEquals(first, receipt(reader));
        }
    }

    @Test
    void afterTheClockWasSetBackTimesAreFoundInBothFiles() throws IOException {
        write(named(1, 2, ".jsonl"), line(1, "2026-01-01T00:00:00.000001Z") + line(2, "2040-01-01T00:00:00.000001Z"));
        pack(named(3, 4, ".jsonl"), line(3, "2026-01-02T00:00:00.000001Z") + line(4, "2026-01-02T00:00:00.000002Z"));
        write(active, line(5, "2026-01-03T00:00:00.000001Z"));

        assertEquals(List.of("2", "5"), rest("2026-01-03T00:00:00Z", "2041-01-01T00:00:00Z"));
        assertEquals(List.of("3", "4"), rest("2026-01-02T00:00:00Z", "2026-01-02T23:00:00Z"));
    }

    @Test
    void followingGoesOnAcrossARename() throws IOException {
        write(active, lines(1, 2));
        try (FileLogReader reader = FileLogReader.ofLog(active, ALL)) {
            assertEquals(receipts(1, 2), rest(reader));
            write(active, line(3) + line(4).substring(0, 20));
            assertEquals(receipts(3, 3), rest(reader));
            write(active, line(4).substring(20));
            Files.move(active, named(1, 5, ".jsonl"));
            assertEquals(receipts(4, 4), rest(reader));
            write(named(1, 5, ".jsonl"), line(5));
            write(named(6, 7, ".jsonl"), lines(5, 7));
            pack(named(8, 8, ".jsonl"), lines(8, 8));
            write(active, lines(8, 9));
            assertEquals(receipts(5, 9), rest(reader));
            assertEquals(List.of(), rest(reader));
            write(active, line(10));
            assertEquals(receipts(10, 10), rest(reader));
        }
    }

    @Test
    void followingGoesOnInAFileThatWasCutAndFindsOneThatComesLater() throws IOException {
        try (FileLogReader reader = FileLogReader.ofLog(active, ALL)) {
            assertEquals(List.of(), rest(reader));
            write(active, lines(1, 5));
            assertEquals(receipts(1, 5), rest(reader));
            Files.write(active, new byte[0]);
            write(active, lines(5, 6));
            assertEquals(receipts(6, 6), rest(reader));
        }
    }

    @Test
    void aFileThatWasPackedOrRemovedSinceItWasListedDisturbsNobody() throws IOException {
        write(named(1, 2, ".jsonl"), lines(1, 2));
        write(named(3, 4, ".jsonl"), lines(3, 4));
        write(named(5, 6, ".jsonl"), lines(5, 6));
        try (FileLogReader reader = FileLogReader.ofLog(active, ALL)) {
            Files.delete(named(1, 2, ".jsonl"));
            pack(named(3, 4, ".jsonl"), lines(3, 4));
            Files.delete(named(3, 4, ".jsonl"));
            assertEquals(receipts(3, 6), rest(reader));
        }
    }

    @Test
    void filesThatARollAddsAfterTheActiveOneWasOpenedComeAfterIt() throws IOException {
        write(named(1, 2, ".jsonl"), lines(1, 2));
        write(active, lines(3, 4));
        try (LogLines opened = LogLines.open(active).orElseThrow()) {
            Files.move(active, named(3, 4, ".jsonl"));
            write(named(5, 6, ".jsonl"), lines(5, 6));
            write(active, lines(7, 7));

            assertEquals(
                    List.of(named(1, 2, ".jsonl")),
                    StoredFile.before(active, Optional.of(opened)).stream()
                            .map(StoredFile::path)
                            .toList());
            assertTrue(opened.nextMessage());
            assertEquals(3, opened.line().receipt());
        }
    }

    @Test
    void filesThatLogrotateRenamesWhileTheyAreReadAreReadOnce() throws IOException {
        for (int i = 1; i <= 3; i++) {
            pack(folder.resolve("messages.jsonl." + i), lines(7 - 2 * i, 8 - 2 * i));
        }
        write(active, lines(7, 8));
        try (FileLogReader reader = FileLogReader.ofLog(active, ALL)) {
            assertTrue(reader.next());
            assertEquals(1, receipt(reader));
            for (int i = 3; i > 0; i--) {
                Files.move(
                        folder.resolve("messages.jsonl." + i + ".gz"),
                        folder.resolve("messages.jsonl." + (i + 1) + ".gz"));
            }
            assertEquals(receipts(2, 8), rest(reader));
        }
    }

    @Test
    void nothingIsWrongWithALogAsTheServerLeavesIt() throws IOException {
        pack(named(1, 3, ".jsonl"), lines(1, 3));
        write(named(2, 5, ".jsonl"), lines(2, 4) + line(5, time(4).toString()));
        write(
                active,
                line(7).replace("\"message", "\"part\":\"1/2\",\"message")
                        + line(8).replace("\"message", "\"part\":\"2/2\",\"message")
                        + line(9).substring(0, 9));

        List<String> report = new ArrayList<>();
        assertTrue(new LogCheck(report::add, (read, bytes) -> {}).ofLog(active));

        String all = String.join("\n", report);
        assertTrue(all.contains("the first 2 repeated"), all);
        assertTrue(all.contains("gap: receipts 6 to 6 are in no file"), all);
        assertTrue(all.endsWith("3 files, 7 messages, receipts 1 to 8: nothing is wrong"), all);
    }

    @Test
    void whatIsWrongIsNamedWithItsLine() throws IOException {
        assertWrong("line 2", lines(1, 1) + "hello\n" + lines(2, 3));
        assertWrong("line 2 of", lines(1, 1) + lines(3, 4));
        assertWrong("line 3 of", lines(1, 2) + lines(2, 4));
        assertWrong("line 2 of", line(1) + line(2, "2020-01-01T00:00:00.000000Z"));
        assertWrong("line 2 of", line(1).replace("\"message", "\"part\":\"1/2\",\"message") + line(2));
        assertWrong("line 1 of", line(1).replace("\"message", "\"part\":\"2/2\",\"message"));
        assertWrong("line 2 of", line(1) + line(2).replace("\"message", "\"part\":\"1/2\",\"message"));
        assertWrong("line 2 of", line(1) + line(2).substring(0, 50));
        assertWrong("receipts 3 to 4 are in no file", lines(1, 2), named(1, 4, ".jsonl"));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void ofALineThatStandsTwiceOneMayBeErasedAlready(boolean isFirst) throws IOException {
        String erased = line(3).replaceFirst("\"id.*", "\"erased\":true}");
        write(named(1, 3, ".jsonl"), lines(1, 2) + (isFirst ? erased : line(3)));
        write(active, (isFirst ? line(3) : erased) + line(4));

        List<String> report = new ArrayList<>();
        assertTrue(new LogCheck(report::add, (read, bytes) -> {}).ofLog(active), report::toString);
    }

    @Test
    void aReceiptOfTwoMessagesIsWrong() throws IOException {
        write(named(1, 3, ".jsonl"), lines(1, 3));
        write(active, line(3).replace("text", "other"));

        List<String> report = new ArrayList<>();
        assertFalse(new LogCheck(report::add, (read, bytes) -> {}).ofLog(active));

        assertTrue(
                report.toString().contains("line 1 of " + active + " has receipt 3, which is another message's"),
                report::toString);
    }

    @Test
    void aPackedFileThatIsDamagedIsWrongAndTheOthersAreReadAllTheSame() throws IOException {
        Path packed = pack(named(1, 3, ".jsonl"), lines(1, 3));
        Files.write(packed, new byte[] {1, 2, 3}, StandardOpenOption.TRUNCATE_EXISTING);
        write(active, lines(4, 5));

        List<String> report = new ArrayList<>();
        assertFalse(new LogCheck(report::add, (read, bytes) -> {}).ofLog(active));

        assertTrue(report.toString().contains("WRONG: " + packed), report::toString);
        assertTrue(report.toString().contains("messages.jsonl: 2 messages"), report::toString);
    }

    @Test
    void aReaderThatMetADamagedPackedFileLeavesNoFileOpen() throws IOException {
        pack(named(1, 2, ".jsonl"), lines(1, 2));
        Path damaged = pack(named(3, 4, ".jsonl"), lines(3, 4));
        byte[] bytes = Files.readAllBytes(damaged);
        Arrays.fill(bytes, 10, bytes.length, (byte) 0xff); // behind gzip's header
        Files.write(damaged, bytes);

        try (FileLogReader reader = FileLogReader.ofLog(active, ALL)) {
            assertThrows(IOException.class, () -> rest(reader));
        }

        assertEquals(List.of(), OpenFiles.in(folder));
    }

    @Test
    void anErasedMessageLeavesItsRequestWhole() throws IOException {
        String erased = "{\"receipt\":\"2\",\"time\":\"" + time(2) + "\",\"erased\":true}\n";
        Path file = folder.resolve("file");
        for (int first = 1; first <= 3; first++) {
            Files.deleteIfExists(file);
            for (int part = 1; part <= 3; part++) {
                String line = line(part).replace("\"message", "\"part\":\"" + part + "/3\",\"message");
                write(
                        file,
                        part == first
                                ? erased.replace("\"2\"", "\"" + part + "\"")
                                        .replace(time(2).toString(), time(part).toString())
                                : line);
            }
            List<String> report = new ArrayList<>();
            assertTrue(new LogCheck(report::add, (read, bytes) -> {}).ofFiles(List.of(file)), report::toString);
        }
    }

    private void assertWrong(String expected, String content) throws IOException {
        assertWrong(expected, content, folder.resolve("file"));
    }

    private void assertWrong(String expected, String content, Path file) throws IOException {
        write(file, content);
        List<String> report = new ArrayList<>();
        assertFalse(new LogCheck(report::add, (read, bytes) -> {}).ofFiles(List.of(file)));
        assertTrue(
                report.stream().anyMatch(line -> line.startsWith("WRONG: ") && line.contains(expected)),
                report::toString);
        Files.delete(file);
    }

    private static boolean isMessage(String line) {
        byte[] bytes = (line + "\n").getBytes(UTF_8);
        return new LogLine().parse(bytes, 0, bytes.length);
    }

    private static LogLine parse(String text) {
        byte[] bytes = (text + "\n").getBytes(UTF_8);
        LogLine line = new LogLine();
        assertTrue(line.parse(bytes, 0, bytes.length));
        return line;
    }

    private Path named(long first, long last, String end) {
        return folder.resolve("messages-%016d-%016d".formatted(first, last) + end);
    }

    private static Instant time(long receipt) {
        return Instant.parse("2026-11-26T14:00:00.000001Z").plusMillis(receipt);
    }

    private static String line(long receipt) {
        return line(receipt, time(receipt).toString());
    }

    private static String line(long receipt, String time) {
        return "{\"receipt\":\"" + receipt + "\",\"time\":\"" + time + "\",\"id\":\"bob\",\"message\":\"text " + receipt
                + "\"}\n";
    }

    private static String lines(long first, long last) {
        return LongStream.rangeClosed(first, last).mapToObj(LogReaderTest::line).collect(Collectors.joining());
    }

    private static List<String> receipts(long first, long last) {
        return LongStream.rangeClosed(first, last).mapToObj(Long::toString).toList();
    }

    private static void write(Path file, String text) throws IOException {
        Files.writeString(file, text, CREATE, APPEND);
    }

    private static Path pack(Path file, String text) throws IOException {
        Path packed = Path.of(file + ".gz");
        try (OutputStream out = new GZIPOutputStream(Files.newOutputStream(packed))) {
            out.write(text.getBytes(UTF_8));
        }
        return packed;
    }

    private long first(LogRange range) throws IOException {
        try (FileLogReader reader = FileLogReader.ofLog(active, range)) {
            assertTrue(reader.next());
            return receipt(reader);
        }
    }

    private static long receipt(FileLogReader reader) {
        return reader.line().receipt();
    }

    private List<String> rest(String since, String until) throws IOException {
        LogRange range = new LogRange(0, Instant.parse(since), Instant.parse(until), Long.MAX_VALUE);
        try (FileLogReader reader = FileLogReader.ofLog(active, range)) {
            return rest(reader);
        }
    }

    /** The receipts of what comes, each of a line that is as it was written. */
    private static List<String> rest(FileLogReader reader) throws IOException {
        List<String> receipts = new ArrayList<>();
        while (reader.next()) {
            receipts.add(Long.toString(receipt(reader)));
        }
        return receipts;
    }
}
