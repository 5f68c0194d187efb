package dev.countersign.web.operator;

import java.io.StringWriter;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Consumer;
import tools.jackson.core.JsonGenerator;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.ObjectWriteContext;
import tools.jackson.core.json.JsonFactory;

/** Writes and reads small JSON objects. */
public final class JsonText {

    private static final JsonFactory JSON = new JsonFactory();

    private JsonText() {}

    /** An object and a newline; the members are written by the function. */
    static String object(Consumer<JsonGenerator> members) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(ObjectWriteContext.empty(), text)) {
            json.writeStartObject();
            members.accept(json);
            json.writeEndObject();
        }
        return text.append('\n').toString();
    }

    /** The texts and numbers of an object, in order, those of an object in it by both names: {@code "log bytes"}. */
    public static Map<String, String> members(String object) {
        Map<String, String> members = new LinkedHashMap<>();
        Deque<String> names = new ArrayDeque<>();
        try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), object)) {
            for (JsonToken token = json.nextToken(); token != null; token = json.nextToken()) {
                if (token == JsonToken.START_OBJECT && json.currentName() != null) {
                    names.addLast(json.currentName());
                } else if (token == JsonToken.END_OBJECT) {
                    names.pollLast();
                } else if (token.isScalarValue()) {
                    String name = names.isEmpty() ? "" : String.join(" ", names) + " ";
                    members.put(name + json.currentName(), json.getString());
                }
            }
        }
        return members;
    }
}
