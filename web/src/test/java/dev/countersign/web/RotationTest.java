package dev.countersign.web;

import static dev.countersign.web.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Collections;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A client can replace its code, and no lost answer locks it out. */
final class RotationTest {

    @TempDir
    static Path home;

    @RegisterExtension
    static final RunningServer server = new RunningServer(() -> home);

    @Test
    void theOldCodeWorksUntilTheNewOneIsUsedForTheFirstTime() throws IOException {
        String old = server.service().register("alice");
        String next = rotate("alice", old);
        assertNotEquals(old, next);

        assertEquals(201, send("alice", old), "the answer may have been lost");
        assertEquals(201, send("alice", next));
        assertEquals(403, send("alice", old));
        assertEquals(201, send("alice", next));
    }

    @Test
    void anAnswerIsARegistrationsAndNobodyKeepsIt() throws IOException {
        Answer answer = post(server.registerPort(), "alina", server.service().register("alina"));

        assertEquals(201, answer.status(), answer::text);
        assertEquals("alina", answer.member("id"));
        assertEquals(24, answer.member("code").length());
        assertEquals("no-store", answer.header("Cache-Control").orElseThrow());
    }

    @Test
    void rotatingAgainWithTheOldCodeReplacesANewOneThatNobodyUsed() throws IOException {
        String old = server.service().register("bob");
        String lost = rotate("bob", old);
        String next = rotate("bob", old);

        assertEquals(403, send("bob", lost));
        assertEquals(201, send("bob", old));
        assertEquals(201, send("bob", next));
        assertEquals(403, send("bob", old));
        assertRefused(403, "wrong-code", post(server.registerPort(), "bob", old));
    }

    @Test
    void rotatingWithTheNewCodeUsesItAndEndsTheOldOne() throws IOException {
        String old = server.service().register("carol");
        String second = rotate("carol", old);
        String third = rotate("carol", second);

        assertEquals(403, send("carol", old));
        assertEquals(201, send("carol", second));
        assertEquals(201, send("carol", third));
        assertEquals(403, send("carol", second));
    }

    @Test
    void basicCredentialsDoAndThenNoBodyIsNeeded() throws IOException {
        String old = server.service().register("dave");
        String header = "Authorization: Basic " + Base64.getEncoder().encodeToString(("dave:" + old).getBytes(UTF_8));
        try (Connection connection = new Connection(server.registerPort())) {
            String next = connection
                    .exchange(Connection.request("POST /rotate", header, new byte[0]))
                    .member("code");
            assertEquals(201, send("dave", next));
        }
        try (Connection connection = new Connection(server.registerPort())) {
            assertRefused(
                    403,
                    "wrong-code",
                    connection.exchange(
                            Connection.request("POST /rotate", header + "\r\nContent-Length: 0", new byte[0])));
        }
        try (Connection connection = new Connection(server.registerPort())) {
            String json = Json.credentials("dave", old);
            assertRefused(400, "malformed-request", connection.exchange(Connection.post("/rotate", header, json)));
        }
    }

    @Test
    void anEmptyBodyInChunksIsNoBody() throws IOException {
        String old = server.service().register("heidi");
        String headers = "Authorization: Basic " + Base64.getEncoder().encodeToString(("heidi:" + old).getBytes(UTF_8))
                + "\r\nTransfer-Encoding: chunked";
        try (Connection connection = new Connection(server.registerPort())) {
            Answer answer =
                    connection.exchange(Connection.request("POST /rotate", headers, "0\r\n\r\n".getBytes(UTF_8)));
            assertEquals(201, answer.status(), answer::text);
            assertRefused(
                    415,
                    "unsupported-media-type",
                    connection.exchange(
                            Connection.request("POST /rotate", headers, "2\r\n{}\r\n0\r\n\r\n".getBytes(UTF_8))));
            assertEquals(201, send("heidi", answer.member("code")));
        }
    }

    @Test
    void aWrongCodeAndAnUnknownIdGetTheSameAnswerAndChangeNothing() throws IOException {
        String code = server.service().register("erin");
        Answer wrong = post(server.registerPort(), "erin", "A".repeat(24));

        assertRefused(403, "wrong-code", wrong);
        assertEquals(wrong.text(), post(server.registerPort(), "nobody", code).text());
        assertEquals(201, send("erin", code));
    }

    @Test
    void aRequestThatNamesNobodyIsMalformed() throws IOException {
        assertRefused(
                400,
                "malformed-request",
                Service.post(server.registerPort(), "/rotate", "{\"id\":\"x\"}".getBytes(UTF_8)));
        assertRefused(400, "malformed-request", Service.post(server.registerPort(), "/rotate", new byte[0]));
        try (Connection connection = new Connection(server.registerPort())) {
            assertRefused(
                    415,
                    "unsupported-media-type",
                    connection.exchange(Connection.request("POST /rotate", "Content-Length: 0", new byte[0])));
        }
    }

    @Test
    void ofManyFirstUsesAtOnceEachIsAccepted() throws IOException {
        String code = server.service().register("frank");
        for (int round = 0; round < 20; round++) {
            String next = rotate("frank", code);
            byte[] request = Connection.post("/message", Json.message("frank", next, "hello"));
            for (Answer answer : Burst.exchange(server.messagePort(), Collections.nCopies(8, request))) {
                assertEquals(201, answer.status(), answer::text);
            }
            assertEquals(403, send("frank", code));
            code = next;
        }
    }

    @Test
    void afterARotationTheRegistrationsKeyReplacesNoCode() throws IOException {
        byte[] registration =
                Connection.post("/register", "Idempotency-Key: a-key-16-or-more", Json.registration("grace"));
        try (Connection connection = new Connection(server.registerPort())) {
            String next = rotate("grace", connection.exchange(registration).member("code"));

            assertRefused(409, "id-taken", connection.exchange(registration));
            assertEquals(201, send("grace", next));
        }
    }

    @Test
    void bothCodesSurviveARestartAndSoDoesTheEndOfTheOldOne(@TempDir Path ownHome) throws IOException {
        String old;
        String next;
        try (CountersignServer own = RunningServer.start(ownHome)) {
            old = Service.of(own).register("alice");
            next = post(own.registerPort(), "alice", old).member("code");
        }
        try (CountersignServer own = RunningServer.start(ownHome)) {
            assertEquals(201, Service.of(own).send("alice", old, "still").status());
            assertEquals(201, Service.of(own).send("alice", next, "now").status());
        }
        try (CountersignServer own = RunningServer.start(ownHome)) {
            assertEquals(403, Service.of(own).send("alice", old, "late").status());
            assertEquals(201, Service.of(own).send("alice", next, "late").status());
        }
    }

    private static String rotate(String id, String code) throws IOException {
        Answer answer = post(server.registerPort(), id, code);
        assertEquals(201, answer.status(), answer::text);
        return answer.member("code");
    }

    private static Answer post(int port, String id, String code) throws IOException {
        return Service.post(port, "/rotate", Json.credentials(id, code).getBytes(UTF_8));
    }

    private static int send(String id, String code) throws IOException {
        return server.service().send(id, code, "hello").status();
    }
}
