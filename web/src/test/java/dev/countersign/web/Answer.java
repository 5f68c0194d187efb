package dev.countersign.web;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.net.http.HttpHeaders;
import java.util.Optional;
import tools.jackson.databind.JsonNode;

/** What the server answered, whichever client asked. */
record Answer(int status, HttpHeaders headers, byte[] body) {

    Optional<String> header(String name) {
        return headers.firstValue(name);
    }

    String text() {
        return new String(body, UTF_8);
    }

    JsonNode json() {
        return Json.parse(text());
    }

    /** A member of the JSON object in the body, which must be a string. */
    String member(String name) {
        return json().required(name).stringValue();
    }
}
