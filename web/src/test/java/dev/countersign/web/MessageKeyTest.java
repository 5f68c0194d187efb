package dev.countersign.web;

import static dev.countersign.web.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.Home;
import dev.countersign.core.StoreSettings;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A message sent again with the same {@code Idempotency-Key} is answered as the first time, and logged once. */
final class MessageKeyTest {

    private static final int PER_ID = 8;

    @TempDir
    static Path home;

    @RegisterExtension
    static final RunningServer server = new RunningServer(() -> home);

    @Test
    void aRepeatGetsTheFirstAnswersBodyAndIsNotLogged() throws IOException {
        String code = server.service().register("again");

        Answer first = send(Json.message("again", code, "once"), "k");
        Answer second = send(Json.message("again", code, "once"), "k");
        Answer third = send(Json.message("again", code, "once"), "k");

        assertEquals(201, first.status(), first::text);
        assertEquals(Optional.empty(), first.header("Idempotency-Replayed"));
        assertReplayed(first, second);
        assertReplayed(first, third);
        assertEquals(List.of(line(first, "again", "k", "once")), linesOf("again"));
    }

    @Test
    void aRepeatedListGetsAllItsReceiptsAgain() throws IOException {
        String code = server.service().register("list");
        String json = Json.messages("list", code, List.of("one", "two", "three"));

        Answer first = send(json, "k");
        Answer second = send(json, "k");

        assertEquals(201, first.status(), first::text);
        assertReplayed(first, second);
        List<LoggedMessage> lines = linesOf("list");
        assertEquals(
                List.of("1/3 k one", "2/3 k two", "3/3 k three"),
                lines.stream()
                        .map(line ->
                                line.part().orElseThrow() + " " + line.key().orElseThrow() + " " + line.message())
                        .toList());
    }

    /** How the request is written does not count, only what it says. */
    @Test
    void theSameTextWrittenOtherwiseIsARepeat() throws IOException {
        String code = server.service().register("written");

        Answer first = send(Json.message("written", code, "a/\u00e9"), "k");
        Answer second = send(
                " {\"new\":1, \"message\" : \"\\u0061\\/\\u00e9\",\"code\":\"" + code + "\",\"id\":\"written\"}", "k");

        assertReplayed(first, second);
    }

    @Test
    void anotherTextWithTheSameKeyIsRefusedAndNotLogged() throws IOException {
        String code = server.service().register("reused");
        Answer first = send(Json.message("reused", code, "one"), "k");

        assertRefused(422, "key-reused", send(Json.message("reused", code, "c4n4ry"), "k"));
        assertRefused(422, "key-reused", send(Json.message("reused", code, "one "), "k"));
        assertRefused(422, "key-reused", send(Json.messages("reused", code, List.of("one", "c4n4ry")), "k"));
        assertReplayed(first, send(Json.message("reused", code, "one"), "k"));
        assertEquals(1, linesOf("reused").size());
    }

    @Test
    void aMessageAndAListOfItAreNotTheSameRequest() throws IOException {
        String code = server.service().register("kinds");
        String message = Json.message("kinds", code, "x");
        String list = Json.messages("kinds", code, List.of("x"));

        Answer ofMessage = send(message, "a");
        Answer ofList = send(list, "b");

        assertRefused(422, "key-reused", send(list, "a"));
        assertRefused(422, "key-reused", send(message, "b"));
        assertReplayed(ofMessage, send(message, "a"));
        assertReplayed(ofList, send(list, "b"));
        assertEquals(2, linesOf("kinds").size());
    }

    @Test
    void listsThatDifferInTheirCutsOrTheirOrderAreNotTheSame() throws IOException {
        String code = server.service().register("cuts");
        Answer first = send(Json.messages("cuts", code, List.of("ab", "c")), "k");

        for (List<String> other : List.of(List.of("a", "bc"), List.of("c", "ab"), List.of("ab", "c", ""))) {
            assertRefused(422, "key-reused", send(Json.messages("cuts", code, other), "k"));
        }
        assertEquals(201, first.status());
        assertEquals(2, linesOf("cuts").size());
    }

    @Test
    void twoIdsMayUseTheSameKey() throws IOException {
        String ofOne = server.service().register("one-id");
        String ofOther = server.service().register("other-id");

        Answer one = send(Json.message("one-id", ofOne, "mine"), "shared");
        Answer other = send(Json.message("other-id", ofOther, "mine"), "shared");

        assertEquals(201, one.status(), one::text);
        assertEquals(201, other.status(), other::text);
        assertEquals(List.of(line(one, "one-id", "shared", "mine")), linesOf("one-id"));
        assertEquals(List.of(line(other, "other-id", "shared", "mine")), linesOf("other-id"));
    }

    @Test
    void theKeyIsTheSameWithQuotesAroundItAndWithoutAndItsCaseCounts() throws IOException {
        String code = server.service().register("quoted");
        String json = Json.message("quoted", code, "hello");

        Answer first = send(json, "\"key\"");
        Answer second = send(json, "key");
        Answer otherCase = send(json, "KEY");

        assertReplayed(first, second);
        assertReplayed(first, send(json, "\"key\""));
        assertEquals(201, otherCase.status(), otherCase::text);
        assertEquals(
                List.of(line(first, "quoted", "key", "hello"), line(otherCase, "quoted", "KEY", "hello")),
                linesOf("quoted"));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "k",
                "\"",
                "\\",
                "a\"b\\c",
                "</!#$%&'()*+,;:=?@[]^_`{|}~>",
                "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
            })
    void theLogHoldsTheKeyCharacterForCharacter(String key) throws IOException {
        String id = "key-" + Integer.toHexString(key.hashCode());
        String code = server.service().register(id);

        Answer first = send(Json.message(id, code, "hello"), key);

        assertEquals(201, first.status(), first::text);
        assertEquals(List.of(line(first, id, key, "hello")), linesOf(id));
        assertReplayed(first, send(Json.message(id, code, "hello"), '"' + key + '"'));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "Idempotency-Key:",
                "Idempotency-Key: ",
                "Idempotency-Key: \"\"",
                "Idempotency-Key: c4n4ry and",
                "Idempotency-Key: \"c4n4ry \"",
                "Idempotency-Key: c4n4ry\tand",
                "Idempotency-Key: c4n4ry-\u00fc",
                "Idempotency-Key: c4n4ry-\u00c3\u00bc",
                "Idempotency-Key: c4n4ry-\u007f",
                "Idempotency-Key: c4n4ry-789abcdef0123456789abcdef0123456789abcdef0123456789abcdef+",
                "Idempotency-Key: c4n4ry-one\r\nIdempotency-Key: c4n4ry-two",
                "Idempotency-Key: c4n4ry\r\nidempotency-key: c4n4ry",
                "Idempotency-Key: c4n4ry\r\nIdempotency-Key:",
                "Idempotency-Key:\r\nIdempotency-Key: c4n4ry"
            })
    void anythingElseIsMalformedAndLogsNothing(String header) throws IOException {
        String id = "malformed-" + Integer.toHexString(header.hashCode());
        String code = server.service().register(id);

        Answer answer =
                exchange(server.messagePort(), Connection.post("/message", header, Json.message(id, code, "hello")));

        assertRefused(400, "malformed-request", answer);
        assertEquals(List.of(), linesOf(id));
    }

    @Test
    void aRefusalLeavesTheKeyUnused() throws IOException {
        String code = server.service().register("refused");
        String json = Json.message("refused", code, "hello");

        assertRefused(403, "wrong-code", send(Json.message("refused", "x" + code, "hello"), "k"));
        assertRefused(400, "malformed-request", send("{\"id\":\"refused\",\"code\":\"" + code + "\"}", "k"));
        assertRefused(413, "body-too-large", send(Json.message("refused", code, "x".repeat(65_537)), "k"));
        assertRefused(
                415,
                "unsupported-media-type",
                exchange(
                        server.messagePort(),
                        Connection.post("/message", "Content-Encoding: gzip\r\nIdempotency-Key: k", json)));
        Answer first = send(json, "k");

        assertEquals(201, first.status(), first::text);
        assertEquals(List.of(line(first, "refused", "k", "hello")), linesOf("refused"));
    }

    /** A repeat is no way around the code. */
    @Test
    void aRepeatWithAWrongCodeIsRefused() throws IOException {
        String code = server.service().register("guarded");
        Answer first = send(Json.message("guarded", code, "hello"), "k");

        assertRefused(403, "wrong-code", send(Json.message("guarded", "x" + code, "hello"), "k"));
        assertReplayed(first, send(Json.message("guarded", code, "hello"), "k"));
    }

    /** The queue takes one: of so many at once some are refused, and only those are logged when sent again. */
    @Test
    void overloadedLeavesTheKeyUnused(@TempDir Path ownHome) throws IOException {
        Settings small = small(1, StoreSettings.defaults().rememberedKeys());
        try (CountersignServer own = CountersignServer.start(Home.open(ownHome), small)) {
            List<byte[]> requests = new ArrayList<>();
            for (int client = 0; client < 8; client++) {
                String id = "crowd-" + client;
                String code = Service.of(own).register(id);
                for (int i = 0; i < PER_ID; i++) {
                    requests.add(request(Json.message(id, code, "hello"), "k" + i));
                }
            }

            List<Answer> answers = Burst.exchange(own.messagePort(), requests);

            assertTrue(answers.stream().anyMatch(answer -> answer.status() == 503), "the queue was never full");
            for (int i = 0; i < requests.size(); i++) {
                Answer again = exchange(own.messagePort(), requests.get(i));
                if (answers.get(i).status() == 201) {
                    assertReplayed(answers.get(i), again);
                } else {
                    assertRefused(503, "overloaded", answers.get(i));
                    assertEquals(201, again.status(), again::text);
                }
            }
            assertEquals(requests.size(), LoggedMessage.readAll(ownHome).size());
        }
    }

    @Test
    void ofManyAtOnceWithTheSameKeyOneIsLoggedAndAllGetItsAnswer() throws IOException {
        String code = server.service().register("crowd");
        for (int round = 0; round < 20; round++) {
            String key = "round-" + round;
            byte[] request = request(Json.message("crowd", code, "hello"), key);

            List<Answer> answers = Burst.exchange(server.messagePort(), Collections.nCopies(8, request));

            List<Answer> first =
                    answers.stream().filter(answer -> answer.status() == 201).toList();
            assertEquals(1, first.size());
            for (Answer answer : answers) {
                if (answer.status() != 201) {
                    assertReplayed(first.get(0), answer);
                }
            }
            assertEquals(List.of(line(first.get(0), "crowd", key, "hello")), linesWithKey("crowd", key));
        }
    }

    @Test
    void ofManyTextsAtOnceWithTheSameKeyOneIsLoggedAndTheOthersAreRefused() throws IOException {
        String code = server.service().register("rivals");
        for (int round = 0; round < 20; round++) {
            String key = "round-" + round;
            List<byte[]> requests = IntStream.range(0, 8)
                    .mapToObj(i -> request(Json.message("rivals", code, "text " + i), key))
                    .toList();

            List<Answer> answers = Burst.exchange(server.messagePort(), requests);

            List<LoggedMessage> logged = new ArrayList<>();
            for (int i = 0; i < answers.size(); i++) {
                if (answers.get(i).status() == 201) {
                    logged.add(line(answers.get(i), "rivals", key, "text " + i));
                } else {
                    assertRefused(422, "key-reused", answers.get(i));
                }
            }
            assertEquals(1, logged.size());
            assertEquals(logged, linesWithKey("rivals", key));
        }
    }

    /** A client that sends side by side sends request 9 as soon as 1 is answered, whatever became of 2's answer. */
    @Test
    void ofRequestsSideBySideNoneIsForgottenBeforeItsSenderMaySendMore() throws IOException {
        String code = server.service().register("parallel");
        Answer second = keyed("parallel", code, 9);
        for (int earlierAndLater : new int[] {8, 7, 6, 5, 4, 3, 2, 10, 11, 12, 13, 14, 15, 16}) {
            assertEquals(201, keyed("parallel", code, earlierAndLater).status());
        }

        Answer repeat = keyed("parallel", code, 9);

        assertEquals(200, repeat.status(), repeat::text);
        assertEquals(second.text(), repeat.text());
    }

    private static Answer keyed(String id, String code, int number) throws IOException {
        return exchange(server.messagePort(), request(Json.message(id, code, "text " + number), "k" + number));
    }

    /** The first and nine others are an eighth of the total: all that each of them has is remembered. */
    @Test
    void theLastEightOfAnIdAreRememberedWhileOthersSendAndAcrossARestart(@TempDir Path ownHome) throws IOException {
        Settings small = small(StoreSettings.defaults().queueSize(), 10 * PER_ID);
        List<Answer> first = new ArrayList<>();
        String code;
        try (CountersignServer own = CountersignServer.start(Home.open(ownHome), small)) {
            code = Service.of(own).register("slow");
            for (int i = 0; i < 3; i++) {
                exchange(own.messagePort(), request(Json.message("slow", code, "before"), "before-" + i));
            }
            for (int i = 0; i < PER_ID; i++) {
                first.add(exchange(own.messagePort(), request(Json.message("slow", code, "text " + i), "k" + i)));
            }
            for (int other = 0; other < 9; other++) {
                String id = "other-" + other;
                String ofOther = Service.of(own).register(id);
                for (int i = 0; i < 2 * PER_ID; i++) {
                    byte[] request = request(Json.message(id, ofOther, "hello"), "k" + i);
                    assertEquals(201, exchange(own.messagePort(), request).status());
                }
            }
            assertAllReplayed(first, own, code);
        }
        try (CountersignServer own = CountersignServer.start(Home.open(ownHome), small)) {
            assertAllReplayed(first, own, code);
        }
        assertEquals(
                3 + PER_ID,
                LoggedMessage.readAll(ownHome).stream()
                        .filter(line -> line.id().equals("slow"))
                        .count());
    }

    private static void assertAllReplayed(List<Answer> first, CountersignServer own, String code) throws IOException {
        for (int i = 0; i < first.size(); i++) {
            byte[] request = request(Json.message("slow", code, "text " + i), "k" + i);
            assertReplayed(first.get(i), exchange(own.messagePort(), request));
        }
    }

    /** Killed with lists under way: whether one was logged or not, sent again it is, once and whole. */
    @Test
    @Timeout(value = 5, unit = TimeUnit.MINUTES)
    void acrossKillsEachKeyIsLoggedOnce(@TempDir Path ownHome) throws IOException {
        Engines.assumeFiles();
        String code;
        Map<byte[], Answer> answered = new HashMap<>();
        List<byte[]> sent = new ArrayList<>();
        try (ServerProcess process = ServerProcess.start(ownHome)) {
            code = process.service().register("killed");
            for (int i = 0; i < PER_ID; i++) {
                sent.add(request(Json.messages("killed", code, List.of("one " + i, "two " + i)), "k" + i));
            }
            answered.put(sent.get(0), exchange(process.service().messagePort(), sent.get(0)));
            sendUntilOneIsAnswered(process, sent.subList(1, PER_ID));
        }
        for (int round = 0; round < 2; round++) {
            try (ServerProcess process = ServerProcess.start(ownHome)) {
                for (byte[] request : sent) {
                    Answer answer = exchange(process.service().messagePort(), request);
                    Answer first = answered.putIfAbsent(request, answer);
                    if (first == null) {
                        assertTrue(answer.status() == 201 || answer.status() == 200, answer::text);
                    } else {
                        assertReplayed(first, answer);
                    }
                }
                process.kill();
            }
        }
        List<String> logged = LoggedMessage.readAll(ownHome).stream()
                .map(line -> line.key().orElseThrow() + " " + line.part().orElseThrow() + " " + line.message())
                .sorted()
                .toList();
        List<String> expected = IntStream.range(0, PER_ID)
                .boxed()
                .flatMap(i -> Stream.of("k" + i + " 1/2 one " + i, "k" + i + " 2/2 two " + i))
                .toList();
        assertEquals(expected, logged);
    }

    /** Kills the server as soon as the first of the answers is there. */
    private static void sendUntilOneIsAnswered(ServerProcess process, List<byte[]> requests) throws IOException {
        List<Connection> connections = new ArrayList<>();
        try {
            for (byte[] request : requests) {
                Connection connection = new Connection(process.service().messagePort());
                connections.add(connection);
                connection.send(request);
            }
            while (!connections.get(0).hasAnswer()) {
                Thread.onSpinWait();
            }
            process.kill();
        } finally {
            for (Connection connection : connections) {
                connection.close();
            }
        }
    }

    private static void assertReplayed(Answer first, Answer repeat) {
        assertEquals(200, repeat.status(), repeat::text);
        assertEquals(List.of("true"), repeat.headers().allValues("Idempotency-Replayed"));
        assertEquals(Optional.of("application/json"), repeat.header("Content-Type"));
        assertEquals(Optional.of("no-store"), repeat.header("Cache-Control"));
        assertArrayEquals(first.body(), repeat.body());
    }

    private static LoggedMessage line(Answer answer, String id, String key, String text) {
        return new LoggedMessage(
                answer.member("receipt"), answer.member("time"), id, Optional.of(key), Optional.empty(), text);
    }

    private static List<LoggedMessage> linesOf(String id) throws IOException {
        return server.log().stream().filter(line -> line.id().equals(id)).toList();
    }

    private static List<LoggedMessage> linesWithKey(String id, String key) throws IOException {
        return linesOf(id).stream()
                .filter(line -> line.key().equals(Optional.of(key)))
                .toList();
    }

    private static byte[] request(String json, String key) {
        return Connection.post("/message", "Idempotency-Key: " + key, json);
    }

    private static Answer send(String json, String key) throws IOException {
        return exchange(server.messagePort(), request(json, key));
    }

    private static Answer exchange(int port, byte[] request) throws IOException {
        try (Connection connection = new Connection(port)) {
            return connection.exchange(request);
        }
    }

    private static Settings small(int queueSize, int rememberedKeys) {
        StoreSettings all = StoreSettings.defaults();
        return new Settings(
                Settings.local().http(),
                new StoreSettings(
                        all.database(),
                        all.topic(),
                        all.sync(),
                        queueSize,
                        all.queueMemoryBytes(),
                        rememberedKeys,
                        all.log()));
    }
}
