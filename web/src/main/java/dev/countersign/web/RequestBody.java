package dev.countersign.web;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import dev.countersign.core.Message;
import java.io.IOException;
import java.io.StringReader;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Reads a request's JSON as strictly as RFC 8259 and the contract ask for, from its tokens, without reflection. */
final class RequestBody {

    private RequestBody() {}

    /**
     * The values of an object's text members.
     *
     * @param names the members that must be there; others are skipped
     * @return their values in the order of the names
     * @throws RefusalException {@link Problem#MALFORMED_REQUEST}, where the body is no such object in UTF-8
     */
    static List<String> texts(byte[] body, String... names) {
        try (JsonReader json = new JsonReader(new StringReader(decode(body)))) {
            json.setStrictness(Strictness.STRICT);
            json.setNestingLimit(Integer.MAX_VALUE); // a member that is ignored may nest as deep as a body allows
            String[] values = new String[names.length];
            Set<String> others = new HashSet<>(0);
            json.beginObject();
            while (json.hasNext()) {
                String name = json.nextName();
                int index = List.of(names).indexOf(name);
                if (index < 0 ? !others.add(name) : values[index] != null) {
                    throw malformed("A member stands in it twice.");
                }
                if (index < 0) {
                    JsonParser.parseReader(json); // skipValue() would let broken JSON pass
                } else {
                    values[index] = text(json, names[index]);
                }
            }
            json.endObject();
            if (json.peek() != JsonToken.END_DOCUMENT) {
                throw malformed("Something follows the object.");
            }
            for (int i = 0; i < names.length; i++) {
                if (values[i] == null) {
                    throw malformed("The member \"" + names[i] + "\" is missing.");
                }
            }
            return List.of(values);
        } catch (IOException | IllegalStateException | JsonParseException e) {
            throw malformed("The body is no JSON object.");
        }
    }

    private static String text(JsonReader json, String name) throws IOException {
        if (json.peek() != JsonToken.STRING) {
            throw malformed("The member \"" + name + "\" must be a string.");
        }
        String value = json.nextString();
        if (!Message.isText(value)) {
            throw malformed("The member \"" + name + "\" holds half a surrogate pair, which is no text.");
        }
        return value;
    }

    private static String decode(byte[] body) throws CharacterCodingException {
        String text = new String(body, UTF_8);
        // the fast decoder puts this for what it can't read: only then ask the one that tells which it was
        return text.indexOf('\ufffd') < 0
                ? text
                : UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
    }

    private static RefusalException malformed(String detail) {
        return new RefusalException(Problem.MALFORMED_REQUEST, detail);
    }
}
