package dev.countersign.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.countersign.core.LineText;
import dev.countersign.core.LogLine;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/**
 * What {@link LogLine} takes for a line is one, to the letter; and no bytes throw it off. Some thousands, or more, and others with
 * another seed:
 *
 * <pre>mvn -pl web test -Dtest=LogLineFuzzTest -Dfuzz.lines=10000000 -Dfuzz.seed=1</pre>
 */
@Timeout(value = 1, unit = TimeUnit.DAYS)
public final class LogLineFuzzTest {

    private static final int COUNT = Integer.getInteger("fuzz.lines", 60_000);
    private static final long SEED = Long.getLong("fuzz.seed", 1);

    @RegisterExtension
    static final Proof PROOF = new Proof(
            "HOSTILE_INPUT",
            "lines of the log, whole and mangled, to its reader alone",
            "mvn -pl web test -Dtest=LogLineFuzzTest -Dfuzz.lines=" + COUNT + " -Dfuzz.seed=" + SEED);

    private static final List<String> LINES = Stream.of(
                    "'receipt':'42','time':'2026-11-26T14:44:15.525102Z','id':'bob','message':'a\\u0000\\\\\\'\u00e9\ud83d\ude00'",
                    "'receipt':'43','time':'2026-11-26T14:44:16.000001Z','id':'al-1_.','key':'k!~','part':'2/3','message':''",
                    "'receipt':'999999999999999999','time':'2026-02-28T23:59:59.999Z','erased':true")
            .map(members -> "{" + members.replace('\'', '"') + "}\n")
            .toList();

    private static final byte[] BYTES = "\0\n\r \"\\/u0129a{}:,-.TZ\u007f\u0080\u00e9\u2028".getBytes(UTF_8);

    @Test
    void whatIsTakenForALineIsOne() throws CharacterCodingException {
        Random random = new Random(SEED);
        int taken = 0;
        for (int i = 0; i < COUNT; i++) {
            PROOF.harmed(1);
            byte[] bytes = (LINES.get(random.nextInt(3)) + LINES.get(random.nextInt(3))).getBytes(UTF_8);
            for (int changes = random.nextInt(4); changes > 0; changes--) {
                int at = random.nextInt(bytes.length / 2);
                if (random.nextInt(3) == 0) {
                    System.arraycopy(bytes, random.nextInt(at + 1), bytes, at, random.nextInt(bytes.length - at));
                } else {
                    bytes[at] = BYTES[random.nextInt(BYTES.length)];
                }
            }
            taken += isTaken(bytes, random.nextInt(bytes.length + 1)) ? 1 : 0;
        }
        assertTrue(taken > COUNT / 30 && taken < COUNT / 6 * 5, "taken: " + taken);
    }

    /** @throws AssertionError if it is taken for a line, and is none */
    public static boolean isTaken(byte[] bytes, int to) throws CharacterCodingException {
        LogLine line = new LogLine();
        if (!line.parse(bytes, 0, to)) {
            return false;
        }
        assertTrue(line.next() <= to && bytes[line.next() - 1] == '\n');
        String text = UTF_8.newDecoder()
                .decode(ByteBuffer.wrap(bytes, 0, line.next()))
                .toString();
        JsonObject json = JsonParser.parseString(text).getAsJsonObject();
        StringBuilder expected = new StringBuilder("{");
        json.asMap()
                .forEach((name, value) -> expected.append(expected.length() > 1 ? "," : "")
                        .append('"')
                        .append(name)
                        .append("\":")
                        .append(name.equals("erased") ? "true" : '"' + LineText.escape(value.getAsString()) + '"'));
        assertEquals(expected + "}\n", text);
        assertEquals(json.get("receipt").getAsLong(), line.receipt());
        assertEquals(json.get("time").getAsString(), line.time());
        assertEquals(json.has("erased"), line.isErased());
        assertEquals(json.has("part") ? json.get("part").getAsString() : "1/1", line.part() + "/" + line.parts());
        if (!line.isErased()) {
            assertEquals(Optional.of(json.get("id").getAsString()), line.id());
            assertEquals(
                    json.get("message").getAsString(),
                    LineText.unescape(line.escapedText().replace("\"", "\\\"")));
        }
        return true;
    }
}
