package dev.countersign.client;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonPrimitive;
import com.google.gson.Strictness;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;

/** The members of a JSON object from an untrusted source. */
record Members(JsonObject object) {

    private static final Gson GSON =
            new GsonBuilder().setStrictness(Strictness.STRICT).create();

    /** Parses UTF-8. Anything but a JSON object has no members. */
    static Members parse(byte[] json) {
        try {
            JsonElement element = GSON.fromJson(new String(json, UTF_8), JsonElement.class);
            return new Members(element instanceof JsonObject object ? object : new JsonObject());
        } catch (JsonParseException e) {
            return new Members(new JsonObject());
        }
    }

    /** The member of that name; empty if there is none or it is not a string. */
    Optional<String> text(String name) {
        return text(object.get(name));
    }

    /** @throws NoSuchElementException if there is no member of that name, or it is not a list of strings */
    List<String> texts(String name) {
        if (object.get(name) instanceof JsonArray list) {
            return list.asList().stream()
                    .map(element -> text(element).orElseThrow())
                    .toList();
        }
        throw new NoSuchElementException(name);
    }

    private static Optional<String> text(JsonElement element) {
        return element instanceof JsonPrimitive value && value.isString()
                ? Optional.of(value.getAsString())
                : Optional.empty();
    }
}
