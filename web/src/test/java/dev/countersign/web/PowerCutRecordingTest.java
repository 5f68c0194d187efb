package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.CleanupMode;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Records the system calls of a real server under load, and holds the store to what it had promised on images of what a
 * power cut at any point leaves: {@code RecordedPowerCut} in the tests of core. Needs strace. More images, of more and
 * longer recordings, and each kind of flush left out in turn; each seed makes others:
 *
 * <pre>mvn -pl web -am test -Dtest=PowerCutRecordingTest -Dsurefire.failIfNoSpecifiedTests=false
 *     -DpowerCut.images=100000 -DpowerCut.seed=1</pre>
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class PowerCutRecordingTest {

    private static final int IMAGES = Integer.getInteger("powerCut.images", 500);
    private static final long SEED = Long.getLong("powerCut.seed", 1);
    private static final boolean IS_LONG = IMAGES > 1_000;
    private static final int CLIENTS = 6;

    @RegisterExtension
    static final Proof PROOF = new Proof(
            "POWER_CUT",
            "power cut at any point of what a real server was recorded to do, and of the start after it",
            "mvn -pl web test -Dtest=PowerCutRecordingTest -DpowerCut.images=" + IMAGES + " -DpowerCut.seed=" + SEED);

    private static final Path CORE_TESTS =
            Path.of("../core/target/test-classes").toAbsolutePath().normalize();

    /** Of each thread the 40th, and each 53rd from there: of the journal, the log, the keys and the database. */
    private static final List<String> FAILING_FLUSHES = List.of("-e", "inject=fdatasync:error=EIO:when=40+53");

    private static final String PROMISES = "promises";
    private static final String NOTHING = "none";

    /** Flushes without which an image must show a loss; all of them, which is what eatmydata leaves. */
    private static final List<String> CONTROLS =
            List.of("all", "messages.journal", "countersign.db-wal", NOTHING + ":no-checksums");

    /**
     * Left out without a loss in these recordings: SQLite's removal of a write-ahead log that is copied; a file that
     * somebody renamed, whose lines the next one repeats; and what is flushed again under its next name.
     */
    private static final Set<String> NOT_NEEDED =
            Set.of("data", "start:messages.jsonl.new", "renamed", "renamed.1", "messages");

    private static final int MAX_CONTROL_IMAGES = 10_000;
    private static final Set<String> WHAT_IT_HAS = Set.of("ring", "rolls", "rotations");
    private static final Pattern RESULT = Pattern.compile("(\\S+): (\\d+) (?:faults|rounds|files|codes)\\b.*");

    /** What was found in the images of a recording of which no flush is left out. */
    private static final Pattern FOUND =
            Pattern.compile(NOTHING + ": (\\d+) faults in (\\d+) images, (\\d+) promises looked for.*");

    /** Of each recording: the faults by what was left out, and how often it goes round the ring. */
    private final Map<String, Map<String, Integer>> counts = new HashMap<>();

    private final Map<String, String> faults = new HashMap<>(); // of a recording of which no flush is left out

    private Path folder;

    /** One life of a server. */
    private interface Life {
        void live(RecordedServer server, Load load) throws IOException, InterruptedException;
    }

    private record Load(Semaphore granted) {

        void await(int answers) throws InterruptedException {
            assertTrue(granted.tryAcquire(answers, 5, TimeUnit.MINUTES), "clients don't get on");
        }
    }

    /** A folder as {@code RecordedPowerCut} reads it, while it is made. */
    private final class Recorder {
        private final Path recording;
        private final Path home;
        private final Semaphore granted = new Semaphore(0);
        private final List<RecordedClient> clients;
        private int lives;

        Recorder(String name) throws IOException {
            recording = Files.createDirectories(folder.resolve(name));
            home = Files.createDirectories(recording.resolve("served")).toRealPath();
            Files.writeString(recording.resolve("home"), home.toString());
            clients = IntStream.range(0, CLIENTS)
                    .mapToObj(i -> new RecordedClient("c" + i, SEED * CLIENTS + i, granted::release))
                    .toList();
        }

        /** Ends by a kill, or orderly. */
        void live(boolean isKilled, List<String> options, Life life) throws Exception {
            Path file = recording.resolve("life-" + ++lives);
            AtomicBoolean isDone = new AtomicBoolean();
            ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
            try (RecordedServer server = RecordedServer.start(home, file, options)) {
                List<Future<?>> sending = new ArrayList<>();
                for (RecordedClient client : clients) {
                    sending.add(threads.submit(() -> client.send(server.service(), isDone::get)));
                }
                granted.drainPermits();
                life.live(server, new Load(granted));
                if (isKilled) {
                    server.kill();
                } else {
                    isDone.set(true);
                    for (Future<?> each : sending) {
                        each.get();
                    }
                    server.stop();
                }
                for (Future<?> each : sending) {
                    each.get();
                }
            } finally {
                threads.shutdown();
            }
            copy(home, recording.resolve((isKilled ? "killed-" : "stopped-") + lives));
            Files.write(
                    recording.resolve("requests.jsonl"),
                    clients.stream().flatMap(each -> each.requests().stream()).toList());
        }
    }

    private static void copy(Path from, Path to) throws IOException {
        try (Stream<Path> all = Files.walk(from)) {
            for (Path each : all.filter(path -> Files.isDirectory(path) || Files.isRegularFile(path)) // no socket
                    .toList()) {
                Files.copy(each, to.resolve(from.relativize(each)));
            }
        }
    }

    private static void delete(Path folder) throws IOException {
        try (Stream<Path> left = Files.walk(folder)) {
            left.sorted((a, b) -> b.compareTo(a)).map(Path::toFile).forEach(File::delete);
        }
    }

    /** @param runs as {@code RecordedPowerCut} takes them */
    private void cut(String recording, List<String> runs) throws Exception {
        Path memory = Path.of("/dev/shm");
        Path scratch = Files.createTempDirectory(Files.isWritable(memory) ? memory : folder, "power-cut");
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=" + (IS_LONG ? 4 : 1),
                "-Xmx1g",
                "-Dorg.sqlite.tmpdir=" + scratch,
                "-Dlogback.statusListenerClass=ch.qos.logback.core.status.NopStatusListener",
                "--enable-native-access=ALL-UNNAMED",
                "-cp",
                System.getProperty("java.class.path") + File.pathSeparator + CORE_TESTS,
                "dev.countersign.core.file.RecordedPowerCut",
                folder.resolve(recording).toString(),
                Long.toString(SEED),
                scratch.toString()));
        command.addAll(runs);
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        Map<String, Integer> results = new HashMap<>();
        try (BufferedReader output = process.inputReader()) {
            for (String line = output.readLine(); line != null; line = output.readLine()) {
                System.out.println("power cuts of recording " + recording + ": " + line);
                Matcher result = RESULT.matcher(line);
                if (result.matches()) {
                    results.put(result.group(1), Integer.valueOf(result.group(2)));
                }
                Matcher found = FOUND.matcher(line);
                if (found.matches()) {
                    long faults = Long.parseLong(found.group(1));
                    long doubled = line.contains("twice") ? faults : 0; // a run ends at its first fault
                    PROOF.harmed(Long.parseLong(found.group(2)));
                    PROOF.lookedFor(Long.parseLong(found.group(3)), faults - doubled, doubled);
                    if (faults > 0) {
                        keep(recording, line, command);
                    }
                }
            }
            assertEquals(0, process.waitFor());
        } finally {
            process.destroyForcibly().waitFor();
            delete(scratch);
        }
        counts.put(recording, results);
    }

    /** What is needed to look at a fault, and to repeat it: recordings of the same seed differ. */
    private void keep(String recording, String fault, List<String> command) throws IOException {
        Path kept = Path.of("target", "power-cut", recording).toAbsolutePath();
        if (Files.exists(kept)) {
            delete(kept);
        }
        Files.createDirectories(kept.getParent());
        copy(folder.resolve(recording), kept);
        String repeat = String.join(" ", command).replace(folder.resolve(recording) + " ", kept + " ");
        Files.writeString(kept.resolve("repeat"), repeat + "\n");
        faults.put(recording, fault + "; recording, image and the command that repeats it: " + kept);
    }

    @BeforeAll
    @Timeout(value = 3, unit = TimeUnit.HOURS) // of 100,000 images on a slow machine
    void recordAndCut(@TempDir(cleanup = CleanupMode.ON_SUCCESS) Path temporary) throws Exception {
        assumeTrue(RecordedServer.isPossible(), "strace is not installed, or may not trace: no recording of a server");
        assumeTrue(Files.isDirectory(CORE_TESTS), "the tests of core are not compiled");
        folder = temporary;
        recordAll();
        if (IS_LONG) {
            recordLoad();
            recordFailingFlushes();
            recordKills();
            recordHands();
        }
        for (String recording : recordings().toList()) {
            List<String> runs =
                    new ArrayList<>(List.of(IMAGES / (int) recordings().count() + ":" + NOTHING));
            if (recording.equals("all")) {
                CONTROLS.forEach(each -> runs.add(MAX_CONTROL_IMAGES + ":" + each));
                if (IS_LONG) {
                    runs.add(MAX_CONTROL_IMAGES + ":each");
                }
            }
            cut(recording, runs);
        }
    }

    /** The rows of an orderly stop stand in the database's file alone; then a kill; then hands on the log. */
    private void recordAll() throws Exception {
        Recorder all = new Recorder("all");
        all.live(false, List.of(), (server, load) -> load.await(1_000));
        all.live(true, FAILING_FLUSHES, (server, load) -> {
            load.await(200);
            server.renameLog("renamed.1");
            load.await(300);
        });
        all.live(false, List.of(), (server, load) -> {
            load.await(150);
            server.removeLog();
            load.await(100);
            server.emptyLog();
            load.await(100);
        });
    }

    private void recordLoad() throws Exception {
        Recorder recorder = new Recorder("load");
        recorder.live(false, List.of(), (server, load) -> load.await(1_500));
        recorder.live(true, List.of(), (server, load) -> load.await(1_000));
    }

    private void recordFailingFlushes() throws Exception {
        Recorder recorder = new Recorder("failing-flushes");
        recorder.live(true, FAILING_FLUSHES, (server, load) -> load.await(1_000));
        recorder.live(false, FAILING_FLUSHES, (server, load) -> load.await(1_000));
    }

    private void recordKills() throws Exception {
        Recorder recorder = new Recorder("kills");
        for (int life = 0; life < 6; life++) {
            recorder.live(true, List.of(), (server, load) -> load.await(250));
        }
    }

    private void recordHands() throws Exception {
        Recorder recorder = new Recorder("hands");
        for (int life = 1; life <= 2; life++) {
            String renamed = "renamed." + life + ".";
            recorder.live(life == 1, List.of(), (server, load) -> {
                for (int hand = 0; hand < 9; hand++) {
                    load.await(120);
                    switch (hand % 3) {
                        case 0 -> server.renameLog(renamed + hand);
                        case 1 -> server.emptyLog();
                        default -> server.removeLog();
                    }
                }
                load.await(120);
            });
        }
    }

    static Stream<String> recordings() {
        return IS_LONG ? Stream.of("all", "load", "failing-flushes", "kills", "hands") : Stream.of("all");
    }

    @ParameterizedTest
    @MethodSource("recordings")
    void afterAnyPowerCutAllThatTheServerHadPromisedIsThereOnce(String recording) {
        assertEquals(0, counts.get(recording).get(NOTHING), () -> faults.get(recording));
    }

    @ParameterizedTest
    @MethodSource("recordings")
    void noAnswerGoesOutBeforeTheFlushThatCoversIt(String recording) {
        assertEquals(0, counts.get(recording).get(PROMISES));
    }

    @Test
    void theRecordingGoesRoundTheJournalRollsTheLogAndRotatesCodes() {
        WHAT_IT_HAS.forEach(each -> assertTrue(counts.get("all").get(each) > 1, "too few: " + each));
    }

    List<String> controls() {
        Set<String> controls = new TreeSet<>(counts.get("all").keySet());
        controls.removeAll(WHAT_IT_HAS);
        controls.removeAll(NOT_NEEDED);
        controls.removeAll(Set.of(NOTHING, PROMISES));
        assertTrue(controls.containsAll(CONTROLS), () -> "some were not run: " + controls);
        return List.copyOf(controls);
    }

    @ParameterizedTest
    @MethodSource("controls")
    void withoutTheseFlushesOrChecksumsAnImageShowsALoss(String leftOut) {
        assertTrue(counts.get("all").get(leftOut) > 0, leftOut + " is not needed, or this test is too weak");
    }
}
