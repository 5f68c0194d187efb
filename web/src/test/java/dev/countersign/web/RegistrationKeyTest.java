package dev.countersign.web;

import static dev.countersign.web.Refusals.assertRefused;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A registration whose answer was lost costs no id: the same {@code Idempotency-Key} again gets a new code. */
final class RegistrationKeyTest {

    private static final String KEY = "a-key-16-or-more";
    private static final String OTHER_KEY = "a-key-that-is-not-it";

    @TempDir
    static Path home;

    @RegisterExtension
    static final RunningServer server = new RunningServer(() -> home);

    @Test
    void aLostAnswerAskedForAgainHasACodeThatWorksAndTheFirstStops() throws IOException {
        String first = register("lost", KEY).member("code");
        assertEquals(201, send("lost", first).status());

        Answer second = register("lost", KEY);

        assertEquals(201, second.status(), second::text);
        assertEquals("lost", second.member("id"));
        assertNotEquals(first, second.member("code"));
        assertEquals(201, send("lost", second.member("code")).status());
        assertRefused(403, "wrong-code", send("lost", first));
    }

    @Test
    void theKeyIsTheSameWithQuotesAroundItAndWithout() throws IOException {
        register("quoted", KEY);

        Answer second = register("quoted", '"' + KEY + '"');

        assertEquals(201, second.status(), second::text);
        assertEquals(201, send("quoted", second.member("code")).status());
    }

    @Test
    void aConnectionThatBreaksWithTheAnswerOnItsWayCostsNoId() throws IOException {
        try (Connection connection = new Connection(server.registerPort())) {
            connection.send(request("cut-off", "Idempotency-Key: " + KEY));
            while (!connection.hasAnswer()) {
                Thread.onSpinWait();
            }
        } // closed with the answer unread

        String code = register("cut-off", KEY).member("code");

        assertEquals(201, send("cut-off", code).status());
    }

    @Test
    void anotherKeyOrNoneIsRefusedAndTheCodeStays() throws IOException {
        String code = register("kept", KEY).member("code");

        assertRefused(409, "id-taken", register("kept", OTHER_KEY));
        assertRefused(409, "id-taken", register("kept", "A-" + KEY.substring(2)));
        assertRefused(409, "id-taken", server.service().postRegister(Json.registration("kept")));
        assertEquals(201, send("kept", code).status());
    }

    @Test
    void anIdRegisteredWithoutAKeyIsTakenForEveryKey() throws IOException {
        String code = server.service().register("keyless");

        assertRefused(409, "id-taken", register("keyless", KEY));
        assertEquals(201, send("keyless", code).status());
    }

    /** The registrations' times are put back: to the server that is as if it were so much later. */
    @Test
    void anHourAndAMinuteLaterTheIdIsTaken() throws Exception {
        register("late", KEY);
        putBack("late", Duration.ofMinutes(59));
        String code = register("late", KEY).member("code");
        putBack("late", Duration.ofMinutes(2));

        assertRefused(409, "id-taken", register("late", KEY));
        assertEquals(201, send("late", code).status());
    }

    @Test
    void ofManyAtOnceWithTheSameKeyEachGetsACodeAndOneOfThemIsTheIds() throws IOException {
        byte[] request = request("crowd", "Idempotency-Key: " + KEY);
        for (int round = 0; round < 20; round++) {
            Set<String> codes = new HashSet<>();
            for (Answer answer : Burst.exchange(server.registerPort(), Collections.nCopies(8, request))) {
                assertEquals(201, answer.status(), answer::text);
                codes.add(answer.member("code"));
            }
            assertEquals(8, codes.size());
            int working = 0;
            for (String code : codes) {
                working += send("crowd", code).status() == 201 ? 1 : 0;
            }
            assertEquals(1, working);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Idempotency-Key: ",
                "Idempotency-Key: \"\"",
                "Idempotency-Key: 15-characters-.",
                "Idempotency-Key: \"15-characters-.\"",
                "Idempotency-Key: c4n4ry-and-a-blank in-it",
                "Idempotency-Key: c4n4ry-and-u-umlaut-\u00fc",
                "Idempotency-Key: c4n4ry-0123456789abcdef0123456789abcdef0123456789abcdef0123456789",
                "Idempotency-Key: c4n4ry-0123456789\r\nIdempotency-Key: c4n4ry-0123456789",
                "Idempotency-Key: c4n4ry-0123456789\r\nidempotency-key: ",
                "Idempotency-Key:\r\nIdempotency-Key: c4n4ry-0123456789"
            })
    void anythingElseIsMalformedAndRegistersNobody(String header) throws IOException {
        Answer answer = exchange(request("malformed-" + header.hashCode(), header));

        assertRefused(400, "malformed-request", answer);
        assertEquals(
                201, exchange(request("malformed-" + header.hashCode(), "X: y")).status(), "nobody has the id");
    }

    @Test
    void aKeyCountsAfterARestartAndNoFileHoldsIt(@TempDir Path ownHome) throws IOException {
        byte[] request = request("alice", "Idempotency-Key: " + KEY);
        String first;
        try (CountersignServer own = RunningServer.start(ownHome)) {
            first = exchange(own.registerPort(), request).member("code");
        }
        try (CountersignServer own = RunningServer.start(ownHome)) {
            String second = exchange(own.registerPort(), request).member("code");
            assertEquals(201, Service.of(own).send("alice", second, "hello").status());
            assertRefused(403, "wrong-code", Service.of(own).send("alice", first, "hello"));
        }
        try (var files = Files.walk(ownHome)) {
            for (Path each : files.filter(Files::isRegularFile).toList()) {
                String bytes = Files.readString(each, ISO_8859_1);
                assertEquals(-1, bytes.indexOf(KEY), each::toString);
            }
        }
    }

    private static void putBack(String id, Duration by) throws SQLException {
        try (var database = Engines.connect(home);
                var update = database.prepareStatement(
                        "UPDATE registration SET registered_millis = registered_millis - ? WHERE id = ?")) {
            update.setLong(1, by.toMillis());
            update.setString(2, id);
            assertEquals(1, update.executeUpdate());
        }
    }

    private static Answer register(String id, String key) throws IOException {
        return exchange(request(id, "Idempotency-Key: " + key));
    }

    private static byte[] request(String id, String header) {
        return Connection.post("/register", header, Json.registration(id));
    }

    private static Answer exchange(byte[] request) throws IOException {
        return exchange(server.registerPort(), request);
    }

    private static Answer exchange(int port, byte[] request) throws IOException {
        try (Connection connection = new Connection(port)) {
            return connection.exchange(request);
        }
    }

    private static Answer send(String id, String code) throws IOException {
        return server.service().send(id, code, "hello");
    }
}
