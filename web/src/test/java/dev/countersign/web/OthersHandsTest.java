package dev.countersign.web;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/**
 * Under load, somebody renames the log, removes it, truncates it, rotates it with logrotate (where that is installed), and
 * the server is killed at once, now and then. {@code tail -F} and a reader that follows by inode see each message that was
 * acknowledged, and nothing that was not durable. Two rounds of all that, or more:
 *
 * <pre>mvn -pl web -am test -Dtest=OthersHandsTest -Dsurefire.failIfNoSpecifiedTests=false -Dcrash.rounds=50</pre>
 */
final class OthersHandsTest {

    private static final int ROUNDS = Integer.getInteger("crash.rounds", 2);
    private static final long SEED = Long.getLong("crash.seed", System.nanoTime());
    private static final int CLIENTS = 4;

    @RegisterExtension
    static final Proof PROOF = new Proof(
            "OTHERS_HANDS",
            "log renamed, removed, truncated and rotated under load, with kills between",
            "mvn -pl web test -Dtest=OthersHandsTest -Dcrash.rounds=" + ROUNDS);

    private static final int ANSWERS_BETWEEN = 100;
    private static final int LATEST_MOMENT_MILLIS = 100;

    /** A file this long is not as long again before a reader has noticed that it was truncated. */
    private static final int WORTH_TRUNCATING_BYTES = 32 * 1024;

    @TempDir
    private Path home;

    private final Random random = new Random(SEED);
    private final List<FileChannel> removed = new ArrayList<>();
    private final Set<String> truncated = new HashSet<>(); // lines
    private volatile Optional<Service> service = Optional.empty();
    private ServerProcess server;
    private int kills;

    private enum Hand {
        RENAMES,
        REMOVES,
        TRUNCATES,
        ROTATES
    }

    @Test
    @Timeout(value = 1, unit = TimeUnit.HOURS)
    void readersSeeEachAcknowledgedMessageWhateverSomebodyElseDoesToTheLog() throws Exception {
        assumeTrue(Files.isDirectory(Path.of("/proc/self/task")));
        server = ServerProcess.start(home);
        try (LogReader tail = LogReader.tail(log());
                LogReader byInode = LogReader.byInode(log());
                KeyedClients clients = new KeyedClients(CLIENTS, random, () -> service)) {
            service = Optional.of(server.service());
            List<LogReader> readers = List.of(tail, byInode);
            int disturbances = 0;
            for (int round = 0; round < ROUNDS; round++) {
                for (Hand hand : Hand.values()) {
                    clients.awaitAnswers(ANSWERS_BETWEEN);
                    assertFalse(server.endsWithin(random.nextInt(LATEST_MOMENT_MILLIS)), "ended by itself");
                    readLog(readers);
                    use(hand, readers, clients);
                    disturbances++;
                    PROOF.harmed(1);
                    if (round % Hand.values().length == hand.ordinal()) {
                        killAndStartAgain();
                    }
                }
            }
            clients.finish();
            Map<String, LoggedMessage> log = durable();
            String figures = clients.assertLoggedOnce(
                    log.values().stream()
                            .sorted((one, other) -> Long.compare(receipt(one), receipt(other)))
                            .toList(),
                    PROOF);
            String last = log.entrySet().stream()
                    .max((one, other) -> Long.compare(receipt(one.getValue()), receipt(other.getValue())))
                    .orElseThrow()
                    .getKey();
            for (LogReader each : readers) {
                each.awaitLine(last);
                each.assertSaw(log.keySet());
            }
            System.out.printf(
                    Locale.ROOT,
                    "others' hands, seed %d: %d of them, %d kills; %s; seen by each of %d readers%n",
                    SEED,
                    disturbances,
                    kills,
                    figures,
                    readers.size());
        } finally {
            server.close();
            for (FileChannel each : removed) {
                each.close();
            }
        }
    }

    private Path log() {
        return LoggedMessage.file(home);
    }

    private static long receipt(LoggedMessage message) {
        return Long.parseLong(message.receipt());
    }

    /** The lines of the log, when the readers have come to the last: what is replaced before they open it they miss. */
    private List<String> readLog(List<LogReader> readers) throws IOException {
        List<String> lines = List.of();
        while (lines.isEmpty()) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(1));
            lines = Files.exists(log()) ? wholeLines(Files.newInputStream(log())) : List.of();
        }
        for (LogReader each : readers) {
            each.awaitLine(lines.get(lines.size() - 1));
        }
        return lines;
    }

    private void use(Hand hand, List<LogReader> readers, KeyedClients clients) throws Exception {
        Path aside = log().resolveSibling("taken-" + random.nextLong());
        switch (hand) {
            case RENAMES -> Files.move(log(), aside);
            case REMOVES -> {
                removed.add(FileChannel.open(log()));
                Files.delete(log());
            }
            case TRUNCATES -> truncate(readers, clients);
            case ROTATES -> rotate(aside);
        }
    }

    /** While the server stands still, so that the readers can read what is to go, and notice that it has gone. */
    private void truncate(List<LogReader> readers, KeyedClients clients) throws Exception {
        while (Files.size(log()) < WORTH_TRUNCATING_BYTES) {
            clients.awaitAnswers(1);
        }
        server.pause();
        truncated.addAll(readLog(readers));
        int[] before = readers.stream().mapToInt(LogReader::truncations).toArray();
        try (FileChannel file = FileChannel.open(log(), StandardOpenOption.WRITE)) {
            file.truncate(0);
        }
        for (int i = 0; i < before.length; i++) {
            readers.get(i).awaitTruncations(before[i] + 1);
        }
        server.resume();
    }

    private void rotate(Path aside) throws IOException, InterruptedException {
        if (!Logrotate.isInstalled()) {
            Files.move(log(), aside);
            Files.createFile(log());
            return;
        }
        Logrotate.rotate(home, "create 0600\ncompress");
    }

    private void killAndStartAgain() throws IOException {
        service = Optional.empty();
        server.kill();
        kills++;
        server = ServerProcess.start(home);
        service = Optional.of(server.service());
    }

    /** Each line that stands in a file, or stood in one when that was taken away. */
    private Map<String, LoggedMessage> durable() throws IOException {
        Set<String> lines = new HashSet<>(truncated);
        try (Stream<Path> files = Files.list(log().getParent())) {
            for (Path file : files.filter(file -> !file.endsWith("server.log")).toList()) {
                InputStream in = Files.newInputStream(file);
                lines.addAll(wholeLines(file.toString().endsWith(".gz") ? new GZIPInputStream(in) : in));
            }
        }
        for (FileChannel file : removed) {
            lines.addAll(wholeLines(Channels.newInputStream(file)));
        }
        Map<String, LoggedMessage> messages = new HashMap<>();
        Map<String, String> byReceipt = new HashMap<>();
        for (String line : lines) {
            LoggedMessage message = LoggedMessage.parse(new String(line.getBytes(LogReader.BYTES), UTF_8));
            messages.put(line, message);
            String other = byReceipt.put(message.receipt(), line);
            assertTrue(other == null, () -> "one receipt, two lines: " + line + other);
        }
        return messages;
    }

    /** Without what stands behind the last newline. */
    private static List<String> wholeLines(InputStream file) throws IOException {
        try (file) {
            String all = new String(file.readAllBytes(), LogReader.BYTES);
            return all.substring(0, all.lastIndexOf('\n') + 1).lines().toList();
        }
    }
}
