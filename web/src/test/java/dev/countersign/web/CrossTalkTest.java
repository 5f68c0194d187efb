package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Clients that do nothing wrong, beside a flood of connections that break off in the ways that make Jetty refuse them on
 * a second thread. By default some seconds of the kind that shows the fault soonest; five minutes of each on each port,
 * in plain text or with {@code -Dtests.tls=true} over TLS:
 *
 * <pre>mvn -pl web -am test -Dtest=CrossTalkTest -Dsurefire.failIfNoSpecifiedTests=false -Dcrosstalk.seconds=300</pre>
 */
final class CrossTalkTest {

    private static final Duration LONG = Duration.ofSeconds(Integer.getInteger("crosstalk.seconds", 0));
    private static final int FLOOD = 64;
    private static final int SENDERS = 32;
    private static final int REGISTRANTS = 8;

    @RegisterExtension
    static final Proof PROOF = new Proof(
            "HOSTILE_INPUT",
            "connections that break off within or behind a request, beside clients that do nothing wrong",
            "mvn -pl web test -Dtest=CrossTalkTest -Dcrosstalk.seconds=" + LONG.toSeconds()
                    + (Boolean.getBoolean("tests.tls") ? " -Dtests.tls=true" : ""));

    private static final String HEADERS = " HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    private static final String CHUNKED = "POST /message" + HEADERS + "Transfer-Encoding: chunked\r\n\r\n";

    /** What a client of the flood sends, in parts; {@code @} is replaced by a number that no other request has. */
    private enum Kind {
        GARBAGE_BEHIND_A_MESSAGE(code -> List.of(List.of(message(code) + "8\"}x"))),
        NO_HOST_BEHIND_A_MESSAGE(code -> List.of(List.of(message(code) + "GET /health HTTP/1.1\r\n\r\n"))),
        A_BAD_CHUNK_BEHIND_A_MESSAGE(code -> List.of(List.of(message(code) + CHUNKED + "5\r\nabcde\r\nzz\r\n"))),
        NO_HOST_BEHIND_A_REGISTRATION(
                code -> List.of(List.of(post("/register", "{\"id\":\"flood-@\"}") + "GET /health HTTP/1.1\r\n\r\n"))),
        LATE_BODIES(code -> List.of(
                List.of(CHUNKED + "5\r\n{\"id\"", "\r\nzz\r\n8\"}x"),
                List.of(CHUNKED, "5\r\n{\"id\"\r\n", "zz\r\n"),
                List.of(
                        "POST /message" + HEADERS + "Content-Length: 30\r\n\r\n{\"id\":\"a\",",
                        "\"code\":\"x\",\"m\"}      8\"}x GET\r\n\r\n8\"}x"),
                List.of(
                        "POST /message" + HEADERS + "Expect: 100-continue\r\nContent-Length: 10\r\n\r\n",
                        "{\"id\":1}xx8\"}x"),
                List.of(CHUNKED + "3\r\n{} \r\n0\r\n", "Trail\u0001er: x\r\n\r\n8\"}x")));

        final Function<String, List<List<String>>> scripts;

        Kind(Function<String, List<List<String>>> scripts) {
            this.scripts = scripts;
        }

        private static String message(String code) {
            return post("/message", "{\"id\":\"flood\",\"code\":\"" + code + "\",\"message\":\"flood-@\"}");
        }

        private static String post(String path, String json) {
            return "POST " + path + HEADERS + "Content-Length: " + (json.length() + 7) + "\r\n\r\n" + json;
        }
    }

    static Stream<Arguments> floods() {
        if (LONG.isZero()) {
            return Stream.of(flood(Kind.GARBAGE_BEHIND_A_MESSAGE, true, Duration.ofSeconds(12)));
        }
        return Stream.of(Kind.values()).flatMap(kind -> Stream.of(flood(kind, true, LONG), flood(kind, false, LONG)));
    }

    private static Arguments flood(Kind kind, boolean onMessagePort, Duration time) {
        String port = onMessagePort ? " on the message port" : " on the register port";
        return argumentSet(kind.name().toLowerCase(Locale.ROOT).replace('_', ' ') + port, kind, onMessagePort, time);
    }

    @ParameterizedTest
    @MethodSource("floods")
    @Timeout(600)
    void aFloodOfBrokenConnectionsTouchesNobodyElse(Kind kind, boolean onMessagePort, Duration time, @TempDir Path home)
            throws Exception {
        Warnings warnings = new Warnings();
        RunningServer server = new RunningServer(() -> home);
        server.beforeAll(null);
        GoodClients good;
        Flood flood;
        try {
            String code = server.service().register("flood");
            good = new GoodClients(server.service(), SENDERS, REGISTRANTS);
            AtomicBoolean over = new AtomicBoolean();
            flood = new Flood(onMessagePort ? server.messagePort() : server.registerPort(), kind.scripts.apply(code));
            Thread flooding = new Thread(() -> flood.run(FLOOD, over), "flood");
            flooding.start();
            try {
                good.workFor(time);
            } finally {
                over.set(true);
                flooding.join();
            }
            flood.assertUnderWay();
        } finally {
            server.afterAll(null);
            warnings.close();
        }
        List<LoggedMessage> log = LoggedMessage.readAll(home);
        Map<String, Long> wrong = new TreeMap<>(good.wrong());
        wrong.putAll(good.wrongIn(log));
        System.out.printf(
                Locale.ROOT,
                "%s: %d connections of the flood, %d good answers, wrong: %s%n",
                kind,
                flood.connections(),
                good.answers(),
                wrong);
        PROOF.harmed(flood.connections());
        PROOF.lookedFor(
                good.acknowledged(),
                wrong.getOrDefault(GoodClients.LOST, 0L),
                wrong.getOrDefault(GoodClients.DOUBLED, 0L));
        assertEquals(Map.of(), wrong);
        assertTrue(good.answers() > 1_000, "the good clients hardly got on");
        assertEquals(List.of(), warnings.list(), "warnings");
    }
}
