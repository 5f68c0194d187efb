package dev.countersign.core.file;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.google.gson.Gson;
import dev.countersign.core.Appended;
import dev.countersign.core.ClientId;
import dev.countersign.core.LineText;
import dev.countersign.core.MemoryBudget;
import dev.countersign.core.Messages;
import dev.countersign.core.Past;
import dev.countersign.core.Sync;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whatever a client sends, a reader of the log gets it, and it stays a string in a line. */
class LogTextTest {

    private record LoggedLine(String receipt, String time, String id, String message) {}

    private static final ClientId ALICE = new ClientId("alice");
    private static final int MAX_BYTES = 64 * 1024;

    /** C0, DEL and C1; the two line separators; Unicode's Bidi_Control, as in PropList.txt. */
    private static final Pattern CONTROL = Pattern.compile(
            "[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]");

    @TempDir
    Path folder;

    private Path file;
    private FileMessageLog log;
    private final long seed = System.nanoTime();
    private final Random random = new Random(seed);
    private long read; // of the file: bytes

    @BeforeEach
    void open() {
        file = folder.resolve("messages.jsonl");
        log = FileMessageLog.open(
                new MessageFiles(
                        folder.resolve("messages.journal"), file, Sync.OS, 16 * 1024 * 1024, 10, Requests.NEVER_ROLLED),
                Past.NEW,
                10,
                new MemoryBudget(Long.MAX_VALUE),
                Runnable::run,
                Clock.systemUTC());
    }

    @AfterEach
    void close() throws IOException {
        log.close();
    }

    private Appended.Logged append(String text) {
        return (Appended.Logged)
                log.append(Messages.of(ALICE, text)).toCompletableFuture().join();
    }

    @Test
    void anyTextComesBackEqual() throws Exception {
        for (int i = 0; i < 1000; i++) {
            int length = random.nextInt(200);
            assertComesBackEqual(Stream.generate(this::character).limit(length).collect(Collectors.joining()));
        }
    }

    @Test
    void aTextOfAnyLengthComesBackEqual() throws Exception {
        for (int i = 0; i < 200; i++) {
            String character = character();
            assertComesBackEqual(character.repeat(random.nextInt(MAX_BYTES + 1) / character.getBytes(UTF_8).length));
        }
    }

    @Test
    void everyCharacterOfUnicodeComesBackEqual() throws Exception {
        for (String text : allOfUnicode()) {
            assertComesBackEqual(text);
        }
    }

    @Test
    void quotesBackslashesAndControlsAreEscapedAndNothingElse() throws Exception {
        for (String text : allOfUnicode()) {
            String quoted = text.replace("\\", "\\\\").replace("\"", "\\\"");
            String escaped = CONTROL.matcher(quoted)
                    .replaceAll(control -> Matcher.quoteReplacement(
                            String.format("\\u%04x", (int) control.group().charAt(0))));
            Appended.Logged logged = append(text);
            assertEquals(
                    "{\"receipt\":\"" + logged.receipts().get(0) + "\",\"time\":\""
                            + LineText.time(LineText.micros(logged.time())) + "\",\"id\":\"alice\",\"message\":\""
                            + escaped + "\"}\n",
                    readOn());
        }
    }

    @Test
    void noMessageForgesALine() throws Exception {
        String line = "{\"receipt\":\"99\",\"time\":\"2026-11-22T19:26:55.071Z\",\"id\":\"bob\",\"message\":\"I owe\"}";
        for (String end :
                List.of("\n", "\r\n", "\r", "\u0085", "\u2028", "\u2029", "\u000b", "\f", "\0", "\\n", "\"}\n")) {
            assertComesBackEqual(end + line + end);
            assertComesBackEqual("\"}" + end + line.substring(0, line.length() - 2));
        }
    }

    /** Of all of Unicode, but more often of where a log, a parser or a terminal has something to stumble over. */
    private String character() {
        int codePoint = switch (random.nextInt(8)) {
            case 0, 1 -> random.nextInt(0x100);
            case 2 -> 0x2000 + random.nextInt(0x70);
            case 3 -> "\"\\u/\u061c\ufeff\uffff".charAt(random.nextInt(7));
            case 4 -> 0x1f300 + random.nextInt(0x800);
            default -> random.nextInt(Character.MAX_CODE_POINT + 1);
        };
        return isText(codePoint) ? Character.toString(codePoint) : character();
    }

    /** Each character once, in order, as texts that fit into a request. */
    private static List<String> allOfUnicode() {
        int length = MAX_BYTES / 4;
        return IntStream.rangeClosed(0, Character.MAX_CODE_POINT / length)
                .mapToObj(part -> IntStream.range(part * length, (part + 1) * length)
                        .filter(Character::isValidCodePoint)
                        .filter(LogTextTest::isText)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString())
                .toList();
    }

    private static boolean isText(int codePoint) {
        return Character.getType(codePoint) != Character.SURROGATE;
    }

    private void assertComesBackEqual(String text) throws Exception {
        Appended.Logged logged = append(text);
        String line = readOn();
        assertEquals(1, line.split("\\R").length, line); // by all that Unicode takes for a line's end
        assertEquals(
                new LoggedLine(logged.receipts().get(0), LineText.time(LineText.micros(logged.time())), "alice", text),
                new Gson().fromJson(line, LoggedLine.class),
                () -> "seed " + seed);
    }

    /** What was appended since the last call. */
    private String readOn() throws IOException {
        try (var channel = Files.newByteChannel(file)) {
            channel.position(read);
            var bytes = ByteBuffer.allocate((int) (channel.size() - read));
            while (bytes.hasRemaining()) {
                channel.read(bytes);
            }
            read = channel.size();
            return UTF_8.newDecoder().decode(bytes.flip()).toString();
        }
    }
}
