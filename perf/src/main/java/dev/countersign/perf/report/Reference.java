package dev.countersign.perf.report;

import com.google.gson.Gson;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/**
 * The reference implementation's own figures, from the resource {@code reference.json}.
 *
 * @param note where they come from
 * @param rows by load: "51", "500 ramp", "500", "message", "register"
 */
record Reference(String note, Map<String, Row> rows) {

    /** In words, since some were read off a chart and are ranges; a dash where there is nothing. */
    record Row(String served, String median, String p95, String p99, String errors) {

        private static final Row NONE = new Row(Units.NONE, Units.NONE, Units.NONE, Units.NONE, Units.NONE);
    }

    /** @throws IOException when the resource can't be read */
    static Reference read() throws IOException {
        try (InputStream resource = Reference.class.getResourceAsStream("reference.json");
                Reader reader = new InputStreamReader(resource, StandardCharsets.UTF_8)) {
            return new Gson().fromJson(reader, Reference.class);
        }
    }

    /** Dashes for a load that the reference never had. */
    Row row(String load) {
        return rows.getOrDefault(load, Row.NONE);
    }
}
