package dev.countersign.web.operator;

import com.fasterxml.jackson.annotation.JsonInclude.Include;
import tools.jackson.databind.MapperFeature;
import tools.jackson.databind.json.JsonMapper;

/** Writes the operator's JSON. The library takes long to load: nothing else must load this class. */
final class JsonText {

    private static final JsonMapper JSON = JsonMapper.builder()
            .disable(MapperFeature.SORT_PROPERTIES_ALPHABETICALLY)
            .changeDefaultPropertyInclusion(all -> all.withValueInclusion(Include.NON_ABSENT))
            .build();

    private JsonText() {}

    /** A record, without its empty members, or a map as an object, and a newline. */
    static String of(Object value) {
        return JSON.writeValueAsString(value) + "\n";
    }
}
