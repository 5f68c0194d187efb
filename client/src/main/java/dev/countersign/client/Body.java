package dev.countersign.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonPrimitive;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Arrays;
import java.util.List;

/** The JSON of requests. Texts are encoded before they are gathered, so that the length of a list is known. */
final class Body {

    private Body() {}

    /**
     * Encodes a text as a JSON string.
     *
     * @throws IllegalArgumentException if the text contains half of a surrogate pair
     */
    static byte[] text(String text) {
        if (isPlain(text)) { // as most texts are: needs no escapes and no encoder
            return ('"' + text + '"').getBytes(UTF_8);
        }
        try {
            ByteBuffer bytes = UTF_8.newEncoder().encode(CharBuffer.wrap(new JsonPrimitive(text).toString()));
            return Arrays.copyOf(bytes.array(), bytes.limit());
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("not text: it contains half of a surrogate pair", e);
        }
    }

    private static boolean isPlain(String text) {
        for (int n = 0; n < text.length(); n++) {
            char c = text.charAt(n);
            if (c < ' ' || c > '~' || c == '"' || c == '\\') {
                return false;
            }
        }
        return true;
    }

    static byte[] registration(String id) {
        return ("{\"id\":" + new JsonPrimitive(id) + "}").getBytes(UTF_8);
    }

    static byte[] credentials(Credentials sender) {
        return joined(sender, "", List.of(), "}");
    }

    static byte[] message(Credentials sender, byte[] text) {
        return joined(sender, ",\"message\":", List.of(text), "}");
    }

    /** Each text takes its bytes and one more, for the comma. */
    static byte[] messages(Credentials sender, List<byte[]> texts) {
        return joined(sender, ",\"messages\":[", texts, "]}");
    }

    private static byte[] joined(Credentials sender, String start, List<byte[]> texts, String end) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.writeBytes(
                ("{\"id\":" + new JsonPrimitive(sender.id()) + ",\"code\":" + new JsonPrimitive(sender.code()) + start)
                        .getBytes(UTF_8));
        for (int n = 0; n < texts.size(); n++) {
            if (n > 0) {
                body.write(',');
            }
            body.writeBytes(texts.get(n));
        }
        body.writeBytes(end.getBytes(UTF_8));
        return body.toByteArray();
    }
}
