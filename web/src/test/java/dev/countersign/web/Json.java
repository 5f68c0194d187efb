package dev.countersign.web;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** JSON as another library than the server's reads and writes it. */
final class Json {

    private static final JsonMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    private Json() {}

    static JsonNode parse(String text) {
        return MAPPER.readTree(text);
    }

    static String registration(String id) {
        return write(Map.of("id", id));
    }

    static String credentials(String id, String code) {
        return write(Map.of("id", id, "code", code));
    }

    static String message(String id, String code, String message) {
        Map<String, String> members = new LinkedHashMap<>();
        members.put("id", id);
        members.put("code", code);
        members.put("message", message);
        return write(members);
    }

    static String messages(String id, String code, List<String> messages) {
        Map<String, Object> members = new LinkedHashMap<>();
        members.put("id", id);
        members.put("code", code);
        members.put("messages", messages);
        return write(members);
    }

    static String write(Map<String, ?> members) {
        return MAPPER.writeValueAsString(members);
    }
}
