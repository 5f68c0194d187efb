package dev.countersign.web;

import static dev.countersign.web.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** An id belongs to whoever registered it first, for good. */
final class RegistrationTest {

    private static final int AT_ONCE = 50;

    @TempDir
    static Path home;

    @RegisterExtension
    static final RunningServer server = new RunningServer(() -> home);

    @RepeatedTest(20)
    void ofManyRegistrationsOfOneIdAtOnceExactlyOneWins(RepetitionInfo repetition) throws IOException {
        String id = "wanted-" + repetition.getCurrentRepetition();
        byte[] request = Connection.post("/register", Json.registration(id));

        List<Answer> answers = Burst.exchange(server.registerPort(), Collections.nCopies(AT_ONCE, request));

        List<Answer> won =
                answers.stream().filter(answer -> answer.status() == 201).toList();
        assertEquals(1, won.size());
        for (Answer answer : answers) {
            if (answer != won.get(0)) {
                assertRefused(409, "id-taken", answer);
            }
        }
        assertEquals(
                201,
                server.service().send(id, won.get(0).member("code"), "mine").status());
    }

    @Test
    void codesAndIdsSurviveARestart(@TempDir Path ownHome) throws IOException {
        Map<String, String> codes = new LinkedHashMap<>();
        try (CountersignServer first = RunningServer.start(ownHome)) {
            for (String id : List.of("alice", "bob", "carol")) {
                codes.put(id, Service.of(first).register(id));
            }
        }

        try (CountersignServer second = RunningServer.start(ownHome)) {
            Service service = Service.of(second);
            for (String id : codes.keySet()) {
                assertEquals(201, service.send(id, codes.get(id), "still me").status());
                assertRefused(409, "id-taken", service.postRegister(Json.registration(id)));
            }
            assertRefused(403, "wrong-code", service.send("alice", codes.get("bob"), "not me"));
        }
    }

    @Test
    void receiptsGoOnAfterARestartWhereTheyStopped(@TempDir Path ownHome) throws IOException {
        Engines.assumeFiles();
        String code;
        try (CountersignServer first = RunningServer.start(ownHome)) {
            code = Service.of(first).register("alice");
            Service.of(first).send("alice", code, "before");
        }
        try (CountersignServer second = RunningServer.start(ownHome)) {
            Service.of(second).send("alice", code, "after");
        }

        List<LoggedMessage> log = LoggedMessage.readAll(ownHome);
        assertEquals(
                List.of("before", "after"),
                log.stream().map(LoggedMessage::message).toList());
        assertEquals(
                Long.parseLong(log.get(0).receipt()) + 1,
                Long.parseLong(log.get(1).receipt()));
    }
}
