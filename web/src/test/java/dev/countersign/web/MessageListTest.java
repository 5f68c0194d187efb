package dev.countersign.web;

import static dev.countersign.web.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;

/** Several texts in one request, as {@code messages}: all are logged next to each other, in order, or none is. */
final class MessageListTest {

    @TempDir
    static Path home;

    @RegisterExtension
    static final RunningServer server = new RunningServer(() -> home);

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 1_000})
    void severalTextsAreLoggedNextToEachOtherWithTheirParts(int count) throws IOException {
        String id = "several-" + count;
        String code = server.service().register(id);
        List<String> texts =
                IntStream.rangeClosed(1, count).mapToObj(i -> "text " + i).toList();

        Answer answer = server.service().postMessage(Json.messages(id, code, texts));

        assertEquals(201, answer.status(), answer::text);
        assertEquals(Optional.of("application/json"), answer.header("Content-Type"));
        assertEquals(List.of("receipts", "time"), List.copyOf(answer.json().propertyNames()));
        List<String> receipts = receipts(answer);
        List<LoggedMessage> expected = IntStream.range(0, count)
                .mapToObj(i -> new LoggedMessage(
                        receipts.get(i),
                        answer.member("time"),
                        id,
                        Optional.empty(),
                        Optional.of((i + 1) + "/" + count),
                        texts.get(i)))
                .toList();
        assertEquals(expected, linesFrom(receipts.get(0), count));
        assertEquals(count, linesOf(id), "lines in all");
        assertConsecutive(receipts);
    }

    @Test
    void aListOfOneHasAListOfReceiptsAndNoPart() throws IOException {
        String code = server.service().register("single");

        Answer answer = server.service().postMessage(Json.messages("single", code, List.of("one")));

        assertEquals(201, answer.status(), answer::text);
        String receipt = receipts(answer).get(0);
        assertEquals(1, receipts(answer).size());
        assertEquals(
                List.of(new LoggedMessage(receipt, answer.member("time"), "single", "one")), linesFrom(receipt, 1));
    }

    @Test
    void anyTextsComeBackAsTheyWereSent() throws IOException {
        String code = server.service().register("any-texts");
        List<String> texts = List.of(
                "",
                "line\nend\r",
                "\u0000\u001b[2J\u007f\u0085",
                "\u202e\u2028",
                "\ud83d\ude00",
                "\"\\",
                "same",
                "same");

        Answer answer = server.service().postMessage(Json.messages("any-texts", code, texts));

        assertEquals(201, answer.status(), answer::text);
        assertEquals(
                texts,
                linesFrom(receipts(answer).get(0), texts.size()).stream()
                        .map(LoggedMessage::message)
                        .toList());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "'messages':[]",
                "'messages':null",
                "'messages':'c4n4ry'",
                "'messages':{'0':'c4n4ry'}",
                "'messages':42",
                "'messages':[null]",
                "'messages':['c4n4ry',null]",
                "'messages':['c4n4ry',42]",
                "'messages':['c4n4ry',true]",
                "'messages':[['c4n4ry']]",
                "'messages':['c4n4ry',['c4n4ry']]",
                "'messages':['c4n4ry',{}]",
                "'messages':['c4n4ry',]",
                "'messages':['c4n4ry'",
                "'messages':['c4n4ry','messages':['c4n4ry']]",
                "'messages':['c4n4ry'],'messages':['c4n4ry']",
                "'message':'c4n4ry','messages':['c4n4ry']",
                "'messages':['c4n4ry'],'message':'c4n4ry'",
                "'message':null,'messages':['c4n4ry']",
                "'message':'c4n4ry','messages':null",
                "'message':'c4n4ry','messages':[]",
                "'message':['c4n4ry']",
                "'Messages':['c4n4ry']",
                "'messages':['c4n4ry','\\ud800']",
                "'messages':['\\udc00c4n4ry','c4n4ry']",
                "'messages':['c4n4ry\\ud83d','\\ude00']",
                "'other':[]"
            })
    void anythingElseIsMalformedAndLogsNothing(String singleQuoted) throws IOException {
        assertLogsNothing(singleQuoted.replace('\'', '"'));
    }

    @Test
    void moreThanAThousandTextsAreMalformedAndLogNothing() throws IOException {
        assertLogsNothing("\"messages\":[" + String.join(",", Collections.nCopies(1_001, "\"x\"")) + "]");
    }

    @Test
    void aListWithAWrongCodeIsRefusedAndLogsNothing() throws IOException {
        String code = server.service().register("guessed");

        Answer answer = server.service().postMessage(Json.messages("guessed", "x" + code, List.of("one", "two")));

        assertRefused(403, "wrong-code", answer);
        assertEquals(0, linesOf("guessed"));
    }

    @Test
    void listsSentAtOnceNeverInterleave() throws IOException {
        List<String> ids = List.of("left", "right");
        List<byte[]> requests = new ArrayList<>();
        List<String> codes =
                List.of(server.service().register(ids.get(0)), server.service().register(ids.get(1)));
        for (int i = 0; i < 32; i++) {
            requests.add(Connection.post("/message", Json.messages(ids.get(i % 2), codes.get(i % 2), hundred(i))));
        }

        List<Answer> answers = Burst.exchange(server.messagePort(), requests);

        for (int i = 0; i < requests.size(); i++) {
            Answer answer = answers.get(i);
            assertEquals(201, answer.status(), answer::text);
            List<LoggedMessage> lines = linesFrom(receipts(answer).get(0), 100);
            assertEquals(hundred(i), lines.stream().map(LoggedMessage::message).toList());
            assertEquals(
                    receipts(answer), lines.stream().map(LoggedMessage::receipt).toList());
            String id = ids.get(i % 2);
            assertTrue(lines.stream()
                    .allMatch(line -> line.id().equals(id) && line.time().equals(answer.member("time"))));
        }
        assertEquals(16 * 100, linesOf("left"));
        assertEquals(16 * 100, linesOf("right"));
    }

    private static List<String> hundred(int request) {
        return IntStream.range(0, 100).mapToObj(i -> request + "-" + i).toList();
    }

    private static void assertLogsNothing(String members) throws IOException {
        String id = "malformed-" + Integer.toHexString(members.hashCode());
        String code = server.service().register(id);
        int lines = server.log().size();

        Answer answer =
                server.service().postMessage("{\"id\":\"" + id + "\",\"code\":\"" + code + "\"," + members + "}");

        assertRefused(400, "malformed-request", answer);
        assertEquals(lines, server.log().size());
    }

    private static List<String> receipts(Answer answer) {
        return answer.json()
                .required("receipts")
                .valueStream()
                .map(JsonNode::stringValue)
                .toList();
    }

    private static void assertConsecutive(List<String> receipts) {
        String before = receipts.get(0).replaceFirst("[0-9]+$", ""); // of a topic: its id, partition and offset
        long first = Long.parseLong(receipts.get(0).substring(before.length()));
        for (int i = 0; i < receipts.size(); i++) {
            assertEquals(before + (first + i), receipts.get(i));
        }
    }

    private static List<LoggedMessage> linesFrom(String receipt, int count) throws IOException {
        return server.log().stream()
                .dropWhile(line -> !line.receipt().equals(receipt))
                .limit(count)
                .toList();
    }

    private static long linesOf(String id) throws IOException {
        return server.log().stream().filter(line -> line.id().equals(id)).count();
    }
}
