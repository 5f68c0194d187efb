package dev.countersign.web;

import static dev.countersign.web.Refusals.assertRefused;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A queue of one, and many who want into it at once. */
final class OverloadTest {

    private static final int AT_ONCE = 64;

    @TempDir
    static Path home;

    @RegisterExtension
    static final RunningServer server = new RunningServer(() -> home, "--queue-size=1");

    @Test
    void aMessageIsEitherLoggedOrRefusedAndNotLogged() throws IOException {
        String code = server.service().register("crowd");
        List<byte[]> requests = IntStream.range(0, AT_ONCE)
                .mapToObj(i -> Connection.post("/message", Json.message("crowd", code, "message " + i)))
                .toList();

        List<Answer> answers = Burst.exchange(server.messagePort(), requests);

        List<String> acknowledged = IntStream.range(0, AT_ONCE)
                .filter(i -> answers.get(i).status() == 201)
                .mapToObj(i -> answers.get(i).member("receipt") + " message " + i)
                .sorted()
                .toList();
        assertEquals(
                acknowledged,
                server.log().stream()
                        .map(logged -> logged.receipt() + " " + logged.message())
                        .sorted()
                        .toList());
        assertTheOthersRefused(answers);
    }

    @Test
    void aRegistrationIsEitherMadeOrRefusedAndItsIdStaysFree() throws IOException {
        List<String> ids =
                IntStream.range(0, AT_ONCE).mapToObj(i -> "registration-" + i).toList();
        List<byte[]> requests = ids.stream()
                .map(id -> Connection.post("/register", Json.registration(id)))
                .toList();

        List<Answer> answers = Burst.exchange(server.registerPort(), requests);

        assertTheOthersRefused(answers);
        for (int i = 0; i < AT_ONCE; i++) {
            Answer again = server.service().postRegister(Json.registration(ids.get(i)));
            assertEquals(answers.get(i).status() == 201 ? 409 : 201, again.status(), ids.get(i));
        }
    }

    private static void assertTheOthersRefused(List<Answer> answers) {
        List<Answer> others =
                answers.stream().filter(answer -> answer.status() != 201).toList();
        assertFalse(others.isEmpty(), "the queue was never full");
        assertFalse(others.size() == answers.size(), "nothing was done");
        others.forEach(answer -> assertRefused(503, "overloaded", answer));
    }
}
