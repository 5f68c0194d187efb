package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Any text that JSON can say comes back equal from the log, and no text can do harm there. */
final class AnyTextTest {

    private static final int RANDOM_TEXTS = 300;
    private static final int MAX_BODY_BYTES = 64 * 1024;

    /** Texts that have broken a log, a parser or a terminal somewhere. */
    private static final List<String> NOTORIOUS = List.of(
            "",
            " ",
            "\u0000",
            "a\u0000b",
            "\n",
            "\r\n",
            "one\nline\nmore",
            "\"",
            "\\",
            "\\n",
            "\\u0000",
            "\"}\n{\"receipt\":\"1\",\"time\":\"2026-11-22T19:26:55.071Z\",\"id\":\"bob\",\"message\":\"forged",
            "${jndi:ldap://example.org/x}",
            "%s%n%d",
            "'; DROP TABLE registration; --",
            "\u001b[2J\u001b]0;title\u0007",
            "\u009b2J",
            "\u007f\u0080\u0085\u009f\u00a0\u00ad",
            "\u2028\u2029",
            "\u202e\u2066\u200f\u061c reversed \u2069\u202c",
            "\ufeff\ufffe\uffff\ufffd",
            "e\u0301 \u00e9",
            "\ud83d\ude00\ud83d\udc68\u200d\ud83d\udc69\u200d\ud83d\udc67",
            "\ud800\udc00\udbff\udfff");

    @TempDir
    static Path home;

    @RegisterExtension
    static final RunningServer server = new RunningServer(() -> home);

    private String id;
    private String code;
    private final List<String> sent = new ArrayList<>();

    @BeforeEach
    void register(TestInfo test) throws IOException {
        id = test.getTestMethod().orElseThrow().getName();
        code = server.service().register(id);
    }

    @Test
    void notoriousTextsComeBackEqual() throws IOException {
        for (String text : NOTORIOUS) {
            send(text, UnaryOperator.identity());
            send(text, AnyTextTest::escapedWhole);
        }

        assertLogged();
    }

    @Test
    void randomTextsComeBackEqual() throws IOException {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        for (int i = 0; i < RANDOM_TEXTS; i++) {
            String text = randomText(random, 1 << random.nextInt(12));
            send(text, random.nextBoolean() ? UnaryOperator.identity() : AnyTextTest::escapedWhole);
        }

        assertLogged("of seed " + seed);
    }

    @Test
    void everyCharacterComesBackEqual() throws IOException {
        int[] all = IntStream.rangeClosed(0, Character.MAX_CODE_POINT)
                .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
                .toArray();
        int charactersAMessage = 8_000; // of 6 bytes at most, as JSON
        for (int from = 0; from < all.length; from += charactersAMessage) {
            send(new String(all, from, Math.min(charactersAMessage, all.length - from)), UnaryOperator.identity());
        }

        assertLogged();
    }

    @Test
    void theLongestTextsComeBackEqual() throws IOException {
        int room = MAX_BODY_BYTES - Json.message(id, code, "").length();
        send("x".repeat(room), UnaryOperator.identity());
        send("\ud83d\ude00".repeat(room / 4), UnaryOperator.identity());
        send("\n".repeat(room / 2), UnaryOperator.identity()); // six bytes each in the log

        assertLogged();
    }

    @Test
    void noControlCharacterAndNoBidirectionalControlStandsInTheLog() throws IOException {
        StringBuilder controls = new StringBuilder();
        for (char c = 0; c < Character.MAX_VALUE; c++) {
            if (isControl(c)) {
                controls.append(c);
            }
        }
        send(controls.toString(), AnyTextTest::escapedWhole);

        Optional<String> topic = Engines.topicText(home);
        String log = topic.isPresent() ? topic.get() : Files.readString(LoggedMessage.file(home));

        assertEquals(
                "",
                log.chars()
                        .filter(c -> c != '\n' && isControl((char) c))
                        .mapToObj(Integer::toHexString)
                        .collect(Collectors.joining(" ")));
        assertTrue(log.endsWith("\n"));
        assertLogged();
    }

    /** C0, DEL, C1, the separators of lines and paragraphs, and what has Unicode's property Bidi_Control. */
    private static boolean isControl(char c) {
        return Character.isISOControl(c)
                || "\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069".indexOf(c)
                        >= 0;
    }

    private void send(String text, UnaryOperator<String> json) throws IOException {
        String whole = Json.message(id, code, text);
        String start = whole.substring(0, whole.indexOf("\"message\":") + "\"message\":".length());
        String value = whole.substring(start.length(), whole.length() - 1);
        Answer answer = server.service().postMessage(start + json.apply(value) + "}");
        assertEquals(201, answer.status(), answer::text);
        sent.add(text);
    }

    private void assertLogged(String... about) throws IOException {
        List<String> logged = server.log().stream()
                .filter(line -> line.id().equals(id))
                .map(LoggedMessage::message)
                .toList();
        assertEquals(sent, logged, () -> String.join(" ", about));
    }

    /** The same JSON string with each of its text's UTF-16 units as an escape. */
    private static String escapedWhole(String jsonString) {
        return Json.parse(jsonString)
                .stringValue()
                .chars()
                .mapToObj(unit -> String.format("\\u%04x", unit))
                .collect(Collectors.joining("", "\"", "\""));
    }

    private static String randomText(Random random, int length) {
        int[] bounds = {0x20, 0x80, 0x100, 0x800, 0x3000, 0x10000, Character.MAX_CODE_POINT + 1};
        return random.ints(0, bounds.length)
                .map(range -> random.nextInt(bounds[range]))
                .filter(c -> c < Character.MIN_SURROGATE || c > Character.MAX_SURROGATE)
                .limit(random.nextInt(length + 1))
                .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                .toString();
    }
}
