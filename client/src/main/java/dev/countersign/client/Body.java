package dev.countersign.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.Arrays;
import java.util.List;

/** The JSON of requests. A text becomes bytes before it is gathered, so that a list's length is known. */
final class Body {

    private Body() {}

    /**
     * A text as a JSON string.
     *
     * @throws IllegalArgumentException where it is no text: it holds half of a surrogate pair
     */
    static byte[] text(String text) {
        try {
            ByteBuffer bytes = UTF_8.newEncoder().encode(CharBuffer.wrap(new JsonPrimitive(text).toString()));
            return Arrays.copyOf(bytes.array(), bytes.limit());
        } catch (CharacterCodingException e) {
            throw new IllegalArgumentException("no text: it holds half of a surrogate pair", e);
        }
    }

    static byte[] registration(String id) {
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.writeBytes("{\"id\":".getBytes(UTF_8));
        body.writeBytes(text(id));
        body.write('}');
        return body.toByteArray();
    }

    static byte[] message(Credentials sender, byte[] text) {
        ByteArrayOutputStream body = start(sender, "message");
        body.writeBytes(text);
        body.write('}');
        return body.toByteArray();
    }

    /** Of two texts on, each adds a comma and its bytes. */
    static byte[] messages(Credentials sender, List<byte[]> texts) {
        ByteArrayOutputStream body = start(sender, "messages");
        char before = '[';
        for (byte[] text : texts) {
            body.write(before);
            body.writeBytes(text);
            before = ',';
        }
        body.writeBytes("]}".getBytes(UTF_8));
        return body.toByteArray();
    }

    private static ByteArrayOutputStream start(Credentials sender, String lastMember) {
        JsonObject members = new JsonObject();
        members.addProperty("id", sender.id());
        members.addProperty("code", sender.code());
        String json = members.toString();
        ByteArrayOutputStream body = new ByteArrayOutputStream();
        body.writeBytes((json.substring(0, json.length() - 1) + ",\"" + lastMember + "\":").getBytes(UTF_8));
        return body;
    }
}
