package dev.countersign.core;

import static dev.countersign.core.Await.result;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a start makes of the log that it finds. */
class MessageLogStartTest {

    private static final Message HELLO = new Message(new ClientId("alice"), "h\u00e9llo \"\ud83d\ude00\"\n\u202e");

    @TempDir
    Path folder;

    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("messages.jsonl");
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 3})
    void aLineTornAtAnyByteIsCutOffAndReceiptsGoOn(int linesBefore) throws Exception {
        append(linesBefore);
        byte[] before = Files.readAllBytes(file);
        append(1);
        byte[] whole = Files.readAllBytes(file);
        for (int length = before.length; length < whole.length; length++) {
            Files.write(file, Arrays.copyOf(whole, length));
            try (MessageLog log = open()) {
                assertArrayEquals(before, Files.readAllBytes(file));
                assertEquals(linesBefore + 1, result(log.append(HELLO)).number());
            }
            assertArrayEquals(before, Arrays.copyOf(Files.readAllBytes(file), before.length));
            assertEquals(linesBefore + 1, LoggedLine.readAll(file).size());
        }
    }

    @Test
    void aTornLineIsReported() throws Exception {
        Files.writeString(file, "{\"receipt\":");
        try (ServerLogEvents events = new ServerLogEvents(MessageLog.class)) {
            open().close();
            assertEquals(1, events.list().size());
            assertTrue(events.list().get(0).getFormattedMessage().contains("cut 11 bytes off the end of " + file));
        }
    }

    @Test
    void aWholeLogIsLeftAsItIs() throws Exception {
        append(3);
        byte[] before = Files.readAllBytes(file);
        try (ServerLogEvents events = new ServerLogEvents(MessageLog.class)) {
            open().close();
            assertEquals(List.of(), events.list());
        }
        assertArrayEquals(before, Files.readAllBytes(file));
    }

    @Test
    void receiptsGoOnAfterAGap() throws Exception {
        Files.writeString(file, line("7") + line("9000000000"));
        assertEquals(9_000_000_001L, append(1));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "hello",
                "{}",
                "[]",
                "null",
                "{\"receipt\":\"2\",\"time\":\"t\",\"id\":\"alice\"}",
                "{\"receipt\":\"2\",\"time\":\"t\",\"id\":\"alice\",\"message\":\"hi\"",
                "{\"receipt\":\"2\",\"time\":\"t\",\"id\":\"alice\",\"message\":\"hi\",\"code\":\"x\"}",
                "{\"receipt\":\"2\",\"time\":\"t\",\"id\":\"alice\",\"message\":\"hi\"}{}",
                "{\"receipt\":\"2\",\"id\":\"alice\",\"time\":\"t\",\"message\":\"hi\"}",
                "{\"receipt\":\"2\",\"time\":\"t\",\"id\":\"alice\",\"message\":null}",
                "{\"receipt\":2,\"time\":\"t\",\"id\":\"alice\",\"message\":\"hi\"}",
                "{\"receipt\":\"two\",\"time\":\"t\",\"id\":\"alice\",\"message\":\"hi\"}",
                "{\"receipt\":\"99999999999999999999\",\"time\":\"t\",\"id\":\"alice\",\"message\":\"hi\"}",
                "{\"receipt\":\"2\",\"time\":\"t\",\"id\":\"al ice\",\"message\":\"hi\"}",
                "{\"receipt\":\"2\",\"time\":\"t\",\"id\":\"alice\",\"message\":\"h\ti\"}",
                "{\"receipt\":\"2\",\"time\":\"t\",\"id\":\"alice\",\"message\":\"\u00ff\"}", // no UTF-8: see write
                "\0\0\0\0"
            })
    void aLineThatIsNoRecordIsRefusedByItsNumber(String damaged) throws Exception {
        assertRefused(line("1") + damaged + "\n" + line("3"), "line 2 ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"1", "0", "-5", "4"})
    void aReceiptThatDoesNotRiseIsRefusedByItsLinesNumber(String receipt) throws Exception {
        assertRefused(line("1") + line("4") + line(receipt) + line("9"), "line 3 ");
    }

    @Test
    void theFirstReceiptIsAboveZero() throws Exception {
        assertRefused(line("0"), "line 1 ");
    }

    @Test
    void aLineTooLongForARecordIsRefusedByItsNumber() throws Exception {
        assertRefused(line("1") + "x".repeat(9 * 1024 * 1024) + "\n", "line 2 ");
    }

    @Test
    void aDamagedLineIsNotTakenForTheTornEnd() throws Exception {
        assertRefused(line("1") + "hello\n" + "{\"receipt\":", "line 2 ");
    }

    @Test
    void aFileThatCanNotBeOpenedIsRefusedWithTheReasonAndTheMend() throws Exception {
        Files.createDirectory(file);
        assertNotOpened("messages.jsonl is not a file");
        file = folder.resolve("missing/messages.jsonl");
        assertNotOpened("NoSuchFile");
    }

    private void assertNotOpened(String why) {
        String refusal = assertThrows(StartupException.class, this::open).getMessage();
        assertTrue(refusal.contains(why) && refusal.contains(file.toString()), refusal);
        assertTrue(refusal.contains("--home"), refusal);
    }

    private void assertRefused(String content, String where) throws IOException {
        byte[] bytes = content.getBytes(ISO_8859_1); // so that a test can write what is no UTF-8
        Files.write(file, bytes);
        String refusal = assertThrows(StartupException.class, this::open).getMessage();
        assertTrue(refusal.contains(where) && refusal.contains(file.toString()), refusal);
        assertArrayEquals(bytes, Files.readAllBytes(file));
        assertEquals(List.of(), OpenFiles.in(folder));
    }

    private static String line(String receipt) {
        return "{\"receipt\":\"" + receipt
                + "\",\"time\":\"2026-11-22T19:26:55.071Z\",\"id\":\"alice\",\"message\":\"hi\"}\n";
    }

    private MessageLog open() {
        return MessageLog.open(file, Sync.OS, 10, Runnable::run, Clock.systemUTC());
    }

    /** Appends so many messages after a start of its own; the last one's receipt. */
    private long append(int messages) throws Exception {
        try (MessageLog log = open()) {
            long receipt = 0;
            for (int i = 0; i < messages; i++) {
                receipt = result(log.append(HELLO)).number();
            }
            return receipt;
        }
    }
}
