package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.networknt.schema.Error;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaLocation;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.StringNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/**
 * {@code openapi.yaml}: what it says of each operation, as a question that an answer of the server's can fail.
 *
 * <p>An operation is its JSON pointer in the file. OpenAPI 3.1 takes its schemas from JSON Schema 2020-12.
 */
final class OpenApi {

    static final String REGISTER = "/paths/~1register/post";
    static final String ROTATE = "/paths/~1rotate/post";
    static final String MESSAGE = "/paths/~1message/post";
    static final String HEALTH = "/paths/~1health/get";
    static final String HEALTH_WITHOUT_BODY = "/paths/~1health/head";
    static final String OTHER_REQUESTS = "/x-other-requests";

    private static final String ID = "urn:countersign:openapi";

    /** Headers of any answer, which the file leaves to HTTP. */
    private static final Set<String> OF_HTTP = Set.of("date", "content-type", "content-length", "connection");

    private final JsonNode file;
    private final SchemaRegistry schemas;

    private OpenApi(JsonNode file) {
        this.file = file;
        schemas = SchemaRegistry.withDefaultDialect(
                SpecificationVersion.DRAFT_2020_12, registry -> registry.schemas(Map.of(ID, file.toString())));
    }

    static OpenApi read() throws IOException {
        return new OpenApi(new YAMLMapper().readTree(Files.readString(Path.of("../openapi.yaml"))));
    }

    JsonNode at(String pointer) {
        return file.at(pointer);
    }

    /** Every answer that stands in it: an operation and a status each. */
    Set<String> answers() {
        Set<String> answers = new TreeSet<>();
        for (String operation : List.of(REGISTER, ROTATE, MESSAGE, HEALTH, HEALTH_WITHOUT_BODY, OTHER_REQUESTS)) {
            file.at(operation + "/responses").propertyNames().forEach(status -> answers.add(operation + " " + status));
        }
        return answers;
    }

    /** The kinds of problem that it knows. */
    Set<String> problemTypes() {
        return file.at("/components/schemas/Problem/properties/type/enum")
                .valueStream()
                .map(JsonNode::stringValue)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    boolean allowsRequest(String operation, String json) {
        return errors(operation + "/requestBody/content/application~1json/schema", Json.parse(json))
                .isEmpty();
    }

    /** Whether the operation's only parameter, a header, may have the value. */
    boolean allowsHeader(String operation, String name, String value) {
        String parameter = operation + "/parameters/0";
        assertEquals(name, file.at(parameter + "/name").stringValue());
        return errors(parameter + "/schema", StringNode.valueOf(value)).isEmpty();
    }

    /**
     * Fails where the file does not allow the answer.
     *
     * @return the answer of the file that it is, as in {@link #answers}
     */
    String assertAllows(String operation, Answer answer) {
        String responses = operation + "/responses/";
        String status =
                file.at(responses + answer.status()).isMissingNode() ? "default" : String.valueOf(answer.status());
        String response = resolve(responses + status);
        assertTrue(file.at(response).isObject(), () -> operation + " has no answer " + answer);
        assertHeaders(response, answer);
        assertContent(response, answer);
        return operation + " " + status;
    }

    private void assertHeaders(String response, Answer answer) {
        List<String> allowed = new ArrayList<>(OF_HTTP);
        for (String name : file.at(response + "/headers").propertyNames()) {
            String header = resolve(response + "/headers/" + name);
            Optional<String> value = answer.header(name);
            if (file.at(header).required("required").booleanValue()) {
                assertTrue(value.isPresent(), () -> name + " is missing in " + answer);
            }
            value.ifPresent(text -> assertEquals(List.of(), errors(header + "/schema", headerValue(text)), name));
            allowed.add(name.toLowerCase(Locale.ROOT));
        }
        Set<String> others = new TreeSet<>(String.CASE_INSENSITIVE_ORDER);
        others.addAll(answer.headers().map().keySet());
        others.removeIf(name -> allowed.contains(name.toLowerCase(Locale.ROOT)));
        assertEquals(Set.of(), others, "headers that the file does not name");
    }

    private static JsonNode headerValue(String text) {
        return text.matches("\\d+") ? Json.parse(text) : StringNode.valueOf(text);
    }

    private void assertContent(String response, Answer answer) {
        JsonNode content = file.at(response + "/content");
        if (content.isMissingNode()) {
            assertEquals(0, answer.body().length, "a body that the file does not name");
            return;
        }
        String type = answer.header("Content-Type").orElseThrow();
        assertNotNull(content.get(type), () -> "no content type of the file's: " + type);
        String schema = response + "/content/" + type.replace("/", "~1") + "/schema";
        assertEquals(List.of(), errors(schema, answer.json()));
    }

    private List<Error> errors(String schemaPointer, JsonNode value) {
        Schema schema = schemas.getSchema(SchemaLocation.of(ID + "#" + schemaPointer));
        return schema.validate(value);
    }

    private String resolve(String pointer) {
        JsonNode reference = file.at(pointer + "/$ref");
        return reference.isMissingNode() ? pointer : reference.stringValue().substring(1);
    }
}
