package dev.countersign.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonPrimitive;
import java.io.ByteArrayOutputStream;
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
        if (!UTF_8.newEncoder().canEncode(text)) {
            throw new IllegalArgumentException("not text: it contains half of a surrogate pair");
        }
        return json(text).getBytes(UTF_8);
    }

    static byte[] registration(String id) {
        return ("{\"id\":" + json(id) + "}").getBytes(UTF_8);
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
        String head = "{\"id\":" + json(sender.id()) + ",\"code\":" + json(sender.code()) + start;
        body.writeBytes(head.getBytes(UTF_8));
        String comma = "";
        for (byte[] text : texts) {
            body.writeBytes(comma.getBytes(UTF_8));
            body.writeBytes(text);
            comma = ",";
        }
        body.writeBytes(end.getBytes(UTF_8));
        return body.toByteArray();
    }

    private static String json(String text) {
        return new JsonPrimitive(text).toString();
    }
}
