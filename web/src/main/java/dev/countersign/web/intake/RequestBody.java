package dev.countersign.web.intake;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.countersign.core.ClientId;
import dev.countersign.core.Code;
import dev.countersign.core.Messages;
import dev.countersign.web.http.Problem;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.core.ObjectReadContext;
import tools.jackson.core.StreamReadConstraints;
import tools.jackson.core.TokenStreamFactory;
import tools.jackson.core.json.JsonFactory;
import tools.jackson.core.util.JsonRecyclerPools;

/** Parses a request's JSON as strictly as RFC 8259 and the contract require, token by token, without reflection. */
final class RequestBody {

    /**
     * A parser uses 56 bytes for each open array or object. Without a limit, a body of 1 MiB would take 56 MiB, seven
     * times what it reserves.
     */
    private static final int MAX_DEPTH = 64 * 1024;

    /**
     * Without other limits, because the length of a body is limited; without a cache of names, because clients make them
     * up; with buffers per thread, because one thread parses each request.
     */
    private static final JsonFactory JSON = JsonFactory.builder()
            .recyclerPool(JsonRecyclerPools.threadLocalPool())
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxNameLength(Integer.MAX_VALUE)
                    .maxNumberLength(Integer.MAX_VALUE)
                    .build())
            .disable(TokenStreamFactory.Feature.CANONICALIZE_PROPERTY_NAMES)
            .build();

    private static final List<String> REGISTRATION = List.of("id");
    private static final List<String> CREDENTIALS = List.of("id", "code");
    private static final List<String> MESSAGES = List.of("id", "code", "message", "messages");

    /** The members that a request may have; all are texts, except {@code messages}. */
    private final List<String> names;

    private final Object[] values;

    private RequestBody(List<String> names) {
        this.names = names;
        values = new Object[names.size()];
    }

    /**
     * The id of a registration.
     *
     * @throws RefusalException {@link Problem#MALFORMED_REQUEST} or {@link Problem#INVALID_ID}
     */
    static ClientId registration(byte[] body) {
        return read(body, REGISTRATION).clientId();
    }

    /**
     * The credentials of a request: the body's {@code id} and {@code code}, or the Basic credentials.
     *
     * @param basic from the request's header; with them the body may be missing
     * @throws RefusalException {@link Problem#MALFORMED_REQUEST} or {@link Problem#INVALID_ID}
     */
    static Credentials credentials(byte[] body, Optional<Credentials> basic) {
        return body.length == 0 && basic.isPresent()
                ? basic.get()
                : read(body, CREDENTIALS).sender(basic);
    }

    /**
     * @param basic from the request's header, instead of the members {@code id} and {@code code}
     * @throws RefusalException {@link Problem#MALFORMED_REQUEST} or {@link Problem#INVALID_ID}
     */
    static NewMessages messages(byte[] body, Optional<Credentials> basic) {
        RequestBody members = read(body, MESSAGES);
        boolean isList = members.has("messages");
        if (isList && members.has("message")) {
            throw malformed("It has both \"message\" and \"messages\".");
        }
        List<String> texts = isList ? members.texts("messages") : List.of(members.text("message"));
        return new NewMessages(members.sender(basic), texts, isList);
    }

    /** @throws RefusalException {@link Problem#MALFORMED_REQUEST} if the body isn't UTF-8 */
    static String text(byte[] body) {
        try {
            return decode(body);
        } catch (CharacterCodingException e) {
            throw malformed("The body is not UTF-8.");
        }
    }

    private Credentials sender(Optional<Credentials> basic) {
        if (basic.isEmpty()) {
            return new Credentials(clientId(), new Code(text("code")));
        }
        if (has("id") || has("code")) {
            throw malformed("It has both Authorization: Basic and \"id\" or \"code\".");
        }
        return basic.get();
    }

    private boolean has(String name) {
        return values[names.indexOf(name)] != null;
    }

    private String text(String name) {
        if (values[names.indexOf(name)] instanceof String text) {
            return text;
        }
        throw malformed("The member \"" + name + "\" is missing.");
    }

    private List<String> texts(String name) {
        return ((List<?>) values[names.indexOf(name)])
                .stream().map(String.class::cast).toList();
    }

    private ClientId clientId() {
        return ClientId.parse(text("id")).orElseThrow(() -> new RefusalException(Problem.INVALID_ID));
    }

    private static RequestBody read(byte[] body, List<String> names) {
        try (JsonParser json = JSON.createParser(ObjectReadContext.empty(), checkEscapes(decode(body)))) {
            if (json.nextToken() != JsonToken.START_OBJECT) {
                throw malformed("The body is no JSON object.");
            }
            RequestBody members = new RequestBody(names);
            Set<String> others = new HashSet<>(0);
            while (json.nextToken() != JsonToken.END_OBJECT) {
                String name = text(json);
                json.nextToken();
                int index = names.indexOf(name);
                if (index < 0 ? !others.add(name) : members.values[index] != null) {
                    throw malformed("A member stands in it twice.");
                }
                if (index < 0) {
                    skip(json);
                } else {
                    members.values[index] = name.equals("messages") ? texts(json) : text(json, name);
                }
            }
            if (json.nextToken() != null) {
                throw malformed("Something follows the object.");
            }
            return members;
        } catch (CharacterCodingException | JacksonException e) {
            throw malformed("The body is no JSON object.");
        }
    }

    private static String text(JsonParser json, String name) {
        if (json.currentToken() != JsonToken.VALUE_STRING) {
            throw malformed("The member \"" + name + "\" must be a string.");
        }
        return text(json);
    }

    private static List<String> texts(JsonParser json) {
        List<String> texts = new ArrayList<>();
        if (json.currentToken() == JsonToken.START_ARRAY) {
            while (json.nextToken() == JsonToken.VALUE_STRING && texts.size() < Messages.MAX_TEXTS) {
                texts.add(text(json));
            }
        }
        if (json.currentToken() != JsonToken.END_ARRAY || texts.isEmpty()) {
            throw malformed("The member \"messages\" must be an array of 1 to " + Messages.MAX_TEXTS + " strings.");
        }
        return texts;
    }

    /** Skips a value; the strings in it must be valid text, too. */
    private static void skip(JsonParser json) {
        int depth = 0;
        for (JsonToken token = json.currentToken(); ; token = json.nextToken()) {
            if (token.isStructStart()) {
                depth++;
            } else if (token.isStructEnd()) {
                depth--;
            } else if (token == JsonToken.VALUE_STRING || token == JsonToken.PROPERTY_NAME) {
                text(json);
            }
            if (depth == 0) {
                return;
            }
        }
    }

    /** The name or value at the parser's position. */
    private static String text(JsonParser json) {
        String text = json.getString();
        if (!Messages.isText(text)) {
            throw malformed("A name or a text in it holds half a surrogate pair.");
        }
        return text;
    }

    private static String decode(byte[] body) throws CharacterCodingException {
        String text = new String(body, UTF_8);
        // the fast decoder replaces invalid bytes by this character: only then the strict one must check
        return text.indexOf('\ufffd') < 0
                ? text
                : UTF_8.newDecoder().decode(ByteBuffer.wrap(body)).toString();
    }

    /** jackson-core checks only the low byte of a hexadecimal digit: it would take U+0131 for a 1. */
    private static String checkEscapes(String json) {
        for (int i = json.indexOf('\\'); i >= 0; i = json.indexOf('\\', i + 2)) {
            int end = Math.min(i + 6, json.length()); // the length of \\uXXXX
            if (json.startsWith("u", i + 1) && json.substring(i, end).chars().anyMatch(c -> c > 0x7f)) {
                throw malformed("The body is no JSON object.");
            }
        }
        return json;
    }

    private static RefusalException malformed(String detail) {
        return new RefusalException(Problem.MALFORMED_REQUEST, detail);
    }
}
