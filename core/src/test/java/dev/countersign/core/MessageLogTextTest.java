package dev.countersign.core;

import static dev.countersign.core.Await.result;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tuple;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.lifecycle.AfterProperty;

/** Whatever a client sends, a reader of the log gets it, and it stays a string in a line. */
class MessageLogTextTest {

    private static final ClientId ALICE = new ClientId("alice");
    private static final int MAX_BYTES = 64 * 1024;

    /** C0, DEL and C1; the two line separators; Unicode's Bidi_Control, as in PropList.txt. */
    private static final Pattern CONTROL = Pattern.compile(
            "[\\x00-\\x1f\\x7f-\\x9f\\u2028\\u2029\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]");

    private final Path file = Files.createTempFile("messages", ".jsonl");
    private final MessageLog log = MessageLog.open(file, Sync.OS, 10, Runnable::run, Clock.systemUTC());
    private long read; // of the file: bytes

    MessageLogTextTest() throws IOException {}

    @AfterProperty
    void close() throws IOException {
        log.close();
        Files.delete(file);
    }

    @Property
    void anyTextComesBackEqual(@ForAll("texts") String text) throws Exception {
        assertComesBackEqual(text);
    }

    @Property(tries = 200)
    void aTextOfAnyLengthComesBackEqual(
            @ForAll("characters") String character, @ForAll @IntRange(max = MAX_BYTES) int bytes) throws Exception {
        assertComesBackEqual(character.repeat(bytes / character.getBytes(UTF_8).length));
    }

    @Example
    void everyCharacterOfUnicodeComesBackEqual() throws Exception {
        for (String text : allOfUnicode()) {
            assertComesBackEqual(text);
        }
    }

    @Example
    void quotesBackslashesAndControlsAreEscapedAndNothingElse() throws Exception {
        for (String text : allOfUnicode()) {
            String quoted = text.replace("\\", "\\\\").replace("\"", "\\\"");
            String escaped = CONTROL.matcher(quoted)
                    .replaceAll(control -> Matcher.quoteReplacement(
                            String.format("\\u%04x", (int) control.group().charAt(0))));
            Receipt receipt = result(log.append(new Message(ALICE, text)));
            assertEquals(
                    "{\"receipt\":\"" + receipt.number() + "\",\"time\":\"" + receipt.time()
                            + "\",\"id\":\"alice\",\"message\":\"" + escaped + "\"}\n",
                    readOn());
        }
    }

    @Example
    void noMessageForgesALine() throws Exception {
        String line = "{\"receipt\":\"99\",\"time\":\"2026-11-22T19:26:55.071Z\",\"id\":\"bob\",\"message\":\"I owe\"}";
        for (String end :
                List.of("\n", "\r\n", "\r", "\u0085", "\u2028", "\u2029", "\u000b", "\f", "\0", "\\n", "\"}\n")) {
            assertComesBackEqual(end + line + end);
            assertComesBackEqual("\"}" + end + line.substring(0, line.length() - 2));
        }
    }

    @Provide
    Arbitrary<String> texts() {
        return characters().list().ofMaxSize(200).map(characters -> String.join("", characters));
    }

    @Provide
    Arbitrary<String> characters() {
        return Arbitraries.frequencyOf(
                        Tuple.of(4, Arbitraries.integers().between(0, Character.MAX_CODE_POINT)),
                        Tuple.of(2, Arbitraries.integers().between(0, 0xff)),
                        Tuple.of(1, Arbitraries.integers().between(0x2000, 0x206f)),
                        Tuple.of(
                                1, Arbitraries.of((int) '"', (int) '\\', (int) 'u', (int) '/', 0x061c, 0xfeff, 0xffff)),
                        Tuple.of(1, Arbitraries.integers().between(0x1f300, 0x1faff)))
                .filter(MessageLogTextTest::isText)
                .map(Character::toString);
    }

    /** Each character once, in order, as texts that fit into a request. */
    private static List<String> allOfUnicode() {
        int length = MAX_BYTES / 4;
        return IntStream.rangeClosed(0, Character.MAX_CODE_POINT / length)
                .mapToObj(part -> IntStream.range(part * length, (part + 1) * length)
                        .filter(Character::isValidCodePoint)
                        .filter(MessageLogTextTest::isText)
                        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                        .toString())
                .toList();
    }

    private static boolean isText(int codePoint) {
        return Character.getType(codePoint) != Character.SURROGATE;
    }

    private void assertComesBackEqual(String text) throws Exception {
        Message message = new Message(ALICE, text);
        Receipt receipt = result(log.append(message));
        String line = readOn();
        assertEquals(1, line.split("\\R").length, line); // by all that Unicode takes for a line's end
        assertEquals(LoggedLine.of(receipt, message), LoggedLine.parse(line));
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
