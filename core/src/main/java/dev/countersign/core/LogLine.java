package dev.countersign.core;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.OptionalLong;

/**
 * The form of a line of the message log: {@code {"receipt":"42","time":"…","id":"alice","message":"any text"}} and a
 * newline, in UTF-8.
 *
 * <p>A line has two parts, so that the costly one is made on the thread of the request: the head says what only the
 * writer knows, the tail what came from the client.
 */
final class LogLine {

    private static final String[] FIELDS = {"receipt", "time", "id", "message"};

    private LogLine() {}

    static byte[] head(Receipt receipt) {
        return ("{\"receipt\":\"" + receipt.number() + "\",\"time\":\"" + receipt.time()).getBytes(UTF_8);
    }

    static byte[] tail(Message message) {
        return ("\",\"id\":\"" + message.id().value() + "\",\"message\":\"" + escape(message.text()) + "\"}\n")
                .getBytes(UTF_8);
    }

    /** The receipt's number of a line without its newline, or empty where the line is no record. */
    static OptionalLong receiptNumber(ByteBuffer line) {
        try (JsonReader json =
                new JsonReader(new StringReader(UTF_8.newDecoder().decode(line).toString()))) {
            json.setStrictness(Strictness.STRICT);
            json.beginObject();
            String[] values = new String[FIELDS.length];
            for (int i = 0; i < FIELDS.length; i++) {
                if (!json.nextName().equals(FIELDS[i]) || json.peek() != JsonToken.STRING) {
                    return OptionalLong.empty();
                }
                values[i] = json.nextString();
            }
            json.endObject();
            boolean isRecord = json.peek() == JsonToken.END_DOCUMENT
                    && ClientId.parse(values[2]).isPresent();
            return isRecord ? OptionalLong.of(Long.parseLong(values[0])) : OptionalLong.empty();
        } catch (IOException | IllegalStateException | NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    /** The text between the quotes of a JSON string, such that no message can end its line or drive a terminal. */
    static String escape(String text) {
        int plain = 0;
        while (plain < text.length() && isPlain(text.charAt(plain))) {
            plain++;
        }
        if (plain == text.length()) {
            return text; // as most are
        }
        StringBuilder escaped = new StringBuilder(text.length() + 32).append(text, 0, plain);
        for (int i = plain; i < text.length(); i++) {
            char c = text.charAt(i);
            if (isPlain(c)) {
                escaped.append(c);
            } else if (c == '"' || c == '\\') {
                escaped.append('\\').append(c);
            } else {
                escaped.append("\\u").append(HexFormat.of().toHexDigits(c));
            }
        }
        return escaped.toString();
    }

    private static boolean isPlain(char c) {
        if (c < 0x7f) {
            return c >= ' ' && c != '"' && c != '\\';
        }
        return c > 0x9f && c != '\u2028' && c != '\u2029' && !isBidirectionalControl(c); // 7f to 9f: DEL and C1
    }

    /** Unicode's property Bidi_Control: UAX #9, table 1 and 2. */
    private static boolean isBidirectionalControl(char c) {
        return c == '\u061c'
                || c == '\u200e'
                || c == '\u200f'
                || (c >= '\u202a' && c <= '\u202e')
                || (c >= '\u2066' && c <= '\u2069');
    }
}
