package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Pattern;
import tools.jackson.databind.JsonNode;

/** What every refusal has in common. */
final class Refusals {

    /** Tests put it wherever a request has room for it; no refusal may say it back. */
    static final String CANARY = "c4n4ry";

    /** A class name of several parts, a stack trace, a path of two folders or more; or the makers of the server. */
    private static final Pattern INTERNALS =
            Pattern.compile("\\w\\.\\w+\\.\\w|\\bat \\w+\\(|/\\w+/\\w|jetty|java|exception|gson|sqlite");

    private Refusals() {}

    /** @param word what the problem's type ends in */
    static void assertRefused(int status, String word, Answer answer) {
        assertEquals(status, answer.status(), answer::text);
        assertEquals("urn:countersign:problem:" + word, answer.member("type"));
        JsonNode problem = answer.json();
        assertAll(
                () -> assertEquals(Optional.of("application/problem+json"), answer.header("Content-Type")),
                () -> assertEquals(List.of("type", "title", "status", "detail"), List.copyOf(problem.propertyNames())),
                () -> assertEquals(status, problem.required("status").intValue()),
                () -> assertFalse(answer.member("title").isBlank()),
                () -> assertFalse(answer.member("detail").isBlank()),
                () -> assertEquals(
                        status == 503 || status == 429,
                        answer.header("Retry-After").isPresent(),
                        "Retry-After"),
                () -> assertTrue(answer.header("Retry-After").orElse("1").matches("[1-9][0-9]?"), "Retry-After"),
                () -> assertEquals(status == 405, answer.header("Allow").isPresent(), "Allow"),
                () -> assertTellsNothing(answer));
    }

    /** Nothing that the client sent, and nothing of what the server is made of. */
    private static void assertTellsNothing(Answer answer) {
        String all = (answer.headers().map() + answer.text()).toLowerCase(Locale.ROOT);
        assertFalse(all.contains(CANARY), all);
        assertFalse(INTERNALS.matcher(all).find(), all);
        assertTrue(answer.header("Server").isEmpty(), all);
    }
}
