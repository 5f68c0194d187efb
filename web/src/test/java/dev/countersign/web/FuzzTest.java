package dev.countersign.web;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Requests of every kind, right and wrong, on both ports: holds each answer to the contract, and the log to the answers. Some
 * thousands, or more:
 *
 * <pre>mvn -pl web test -Dtest=FuzzTest -Dfuzz.inputs=1000000 -Dfuzz.seed=1</pre>
 *
 * A seed is for 50,000 requests on a home of its own, and is printed when they are done. A later run goes on behind so many with
 * {@code -Dfuzz.from=1000000}, and adds its figures to those of the runs before.
 */
@Timeout(value = 1, unit = TimeUnit.DAYS)
final class FuzzTest {

    private static final long INPUTS = Long.getLong("fuzz.inputs", 4_000);
    private static final long FROM = Long.getLong("fuzz.from", 0);
    private static final long SEED = Long.getLong("fuzz.seed", 1);
    private static final int INPUTS_OF_A_SEED = 50_000;
    private static final int CLIENTS = 4;

    @RegisterExtension
    static final Proof PROOF = new Proof(
                    "HOSTILE_INPUT",
                    "requests of every kind, right, wrong, mangled and cut off, one behind the other",
                    "mvn -pl web test -Dtest=FuzzTest -Dfuzz.inputs=" + (FROM + INPUTS) + " -Dfuzz.seed=" + SEED)
            .goingOn(FROM > 0);

    /** C0, DEL, C1, the line separators and every bidirectional control. */
    private static final Pattern UNSAFE =
            Pattern.compile("[\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]");

    private final Warnings warnings =
            new Warnings("org.eclipse.jetty.http.HttpParser", "org.eclipse.jetty.util.HostPort");
    private final Map<String, LoggedMessage> acknowledged = new ConcurrentHashMap<>();

    @TempDir
    private Path folder;

    @AfterEach
    void stopListening() {
        warnings.close();
    }

    @Test
    void eachAnswerIsOneThatTheContractAllows() throws Exception {
        long done = 0;
        for (long seed = SEED + FROM / INPUTS_OF_A_SEED; done < INPUTS; seed++) {
            Map<Integer, Integer> answers = run(seed, (int) Math.min(INPUTS_OF_A_SEED, INPUTS - done));
            done += count(answers);
            System.out.printf(
                    Locale.ROOT,
                    "fuzz test: seed %d, %,d requests so far; of this seed %,d messages logged, answers: %s%n",
                    seed,
                    done,
                    acknowledged.size(),
                    answers);
            assertTrue(
                    answers.keySet().containsAll(Set.of(200, 201, 400, 401, 403, 404, 405, 409, 413, 415, 422, 431)));
        }
    }

    private static long count(Map<Integer, Integer> answers) {
        return answers.values().stream().mapToInt(count -> count).sum();
    }

    private Map<Integer, Integer> run(long seed, int inputs) throws Exception {
        acknowledged.clear();
        Path home = folder.resolve("seed-" + seed);
        RunningServer server = new RunningServer(() -> home);
        server.beforeAll(null);
        ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
        Map<Integer, Integer> answers = new TreeMap<>();
        try {
            List<Future<Map<Integer, Integer>>> runs = new ArrayList<>();
            for (int i = 0; i < CLIENTS; i++) {
                int number = i;
                Fuzzer fuzzer = new Fuzzer(server, new Random(seed * CLIENTS + number), acknowledged);
                runs.add(threads.submit(() ->
                        fuzzer.run(inputs / CLIENTS, id -> Math.floorMod(id.hashCode(), CLIENTS) == number)));
            }
            for (Future<Map<Integer, Integer>> run : runs) {
                run.get().forEach((status, count) -> answers.merge(status, count, Integer::sum));
            }
        } finally {
            threads.shutdownNow();
            server.afterAll(null);
        }
        PROOF.harmed(count(answers));
        assertLogged(home);
        try (Stream<Path> paths = Files.walk(home)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
        return answers;
    }

    /** The log has each message that was acknowledged, once, and no other. */
    private void assertLogged(Path home) throws IOException {
        List<LoggedMessage> log = LoggedMessage.readAll(home);
        Set<LoggedMessage> lost = new HashSet<>(acknowledged.values());
        log.forEach(lost::remove);
        PROOF.lookedFor(acknowledged.size(), lost.size(), log.size() + lost.size() - acknowledged.size());
        Map<String, LoggedMessage> missing = new HashMap<>(acknowledged);
        for (Path file : LoggedMessage.files(home)) {
            long last = 0;
            for (String line : LoggedMessage.lines(file, UTF_8)) {
                assertFalse(UNSAFE.matcher(line).find(), line);
                LoggedMessage message = LoggedMessage.parse(line);
                assertEquals(missing.remove(message.receipt()), message);
                long receipt = Long.parseLong(message.receipt());
                assertTrue(last == 0 || receipt == last + 1, line);
                last = receipt;
            }
        }
        assertEquals(Map.of(), missing, "acknowledged, but not logged");
        assertEquals(List.of(), warnings.list(), "in the server's log");
    }

    /** A line of the corpus is a port and bytes, with Java's escapes; CODE is the code of alice, BASIC both in Base64. */
    @Test
    void whatWasFoundOnceStaysMended() throws Exception {
        Path home = folder.resolve("corpus");
        RunningServer server = new RunningServer(() -> home);
        server.beforeAll(null);
        try {
            Fuzzer fuzzer = new Fuzzer(server, new Random(1), acknowledged);
            exchange(
                    fuzzer,
                    "register",
                    new String(Connection.post("/register", Json.registration("alice")), ISO_8859_1));
            String code = fuzzer.oracle.client("alice").orElseThrow().code.orElseThrow();
            String basic = Base64.getEncoder().encodeToString(("alice:" + code).getBytes(UTF_8));
            for (String line : FuzzGenerator.lines("/fuzz-corpus.txt")) {
                String[] portAndBytes =
                        line.replace("CODE", code).replace("BASIC", basic).split(" ", 2);
                exchange(fuzzer, portAndBytes[0], portAndBytes[1].translateEscapes());
            }
        } finally {
            server.afterAll(null);
        }
        assertLogged(home);
    }

    private static void exchange(Fuzzer fuzzer, String port, String stream) {
        fuzzer.exchange(port, stream, OracleRequest.read(port, stream));
    }
}
