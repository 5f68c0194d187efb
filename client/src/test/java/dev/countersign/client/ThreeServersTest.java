package dev.countersign.client;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.google.gson.Gson;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Servers start before their brokers. While clients register and send by way of HAProxy, one of three servers is killed, then one of three brokers. Nothing
 * acknowledged is lost, each id has one owner, and a reader that drops repeats by key has each message once. One round, or
 * more, where HAProxy is installed:
 *
 * <pre>mvn -Pcluster -pl client test -Dcluster.rounds=10</pre>
 *
 * <p>With {@code -Dcluster.jmeter=120} JMeter's 500 users send beside them, for as many seconds.
 */
@Tag("cluster")
final class ThreeServersTest {

    private static final int ROUNDS = Integer.getInteger("cluster.rounds", 1);
    private static final int JMETER_SECONDS = Integer.getInteger("cluster.jmeter", 0);
    private static final int SENDERS = 8;
    private static final int REQUESTS_AN_ID = 20;
    private static final int TEXTS_BETWEEN_KILLS = 3_000;
    private static final int PATIENCE_SECONDS = 180;
    private static final long THINK_NANOS = TimeUnit.MILLISECONDS.toNanos(5); // ten processes share this machine

    @RegisterExtension
    static final Proof PROOF = new Proof(
            "KILL",
            "one of three servers, then one of three Kafka brokers killed under load, behind HAProxy",
            "mvn -Pcluster -pl client test -Dcluster.rounds=" + ROUNDS);

    private static final List<Long> ANSWER_NANOS =
            Collections.synchronizedList(new ArrayList<>()); // these four of all rounds
    private static double secondsOfLoad;
    private static int allTexts;
    private static long linesAgain;

    private final AtomicBoolean done = new AtomicBoolean();
    private final Map<String, Credentials> owners = new ConcurrentHashMap<>();
    private final Map<String, List<Line>> acknowledged = new ConcurrentHashMap<>(); // by id, in the order sent
    private final AtomicInteger texts = new AtomicInteger(); // acknowledged
    private final AtomicInteger waits = new AtomicInteger(); // calls that were tried more than once

    /** Of the log. A text that is alone in its request has no part. */
    private record Line(String receipt, String time, String id, String key, String part, String message) {

        Line {
            part = Objects.requireNonNullElse(part, "");
        }

        /** By which a reader tells a repeat. */
        List<String> place() {
            return List.of(id, key, part);
        }
    }

    static IntStream rounds() {
        return IntStream.range(0, ROUNDS);
    }

    @ParameterizedTest
    @MethodSource("rounds")
    @Timeout(value = 15, unit = TimeUnit.MINUTES)
    void whatWasAcknowledgedSurvivesTheLossOfAServerAndOfABroker(int round, @TempDir Path folder) throws Exception {
        assumeTrue(Files.isExecutable(Cluster.HAPROXY), "skipped: HAProxy is not installed (" + Cluster.HAPROXY + ")");
        int victim = round % Cluster.SIZE;
        ExecutorService threads = Executors.newFixedThreadPool(SENDERS);
        long started = System.nanoTime();
        try (Cluster cluster = new Cluster(folder, "-XX:TieredStopAtLevel=1");
                CountersignClient client = cluster.clientBuilder()
                        .retryFor(Duration.ofMinutes(5))
                        .waiting(failure -> waits.incrementAndGet())
                        .build()) {
            long begun = System.nanoTime();
            Optional<VirtualUsers> users = JMETER_SECONDS == 0
                    ? Optional.empty()
                    : Optional.of(new VirtualUsers(cluster, folder, JMETER_SECONDS));
            System.out.printf(Locale.ROOT, "three servers: all answer after %.0f s%n", seconds(begun - started));
            List<Future<?>> sending = IntStream.range(0, SENDERS)
                    .<Future<?>>mapToObj(sender -> threads.submit(() -> sendUntilDone(client)))
                    .toList();
            awaitTexts(sending, cluster);
            cluster.killServer(victim);
            PROOF.harmed(1);
            awaitTexts(sending, cluster);
            cluster.killBroker(victim);
            PROOF.harmed(1);
            users.ifPresent(VirtualUsers::requireAtWork);
            awaitTexts(sending, cluster);
            done.set(true);
            for (Future<?> each : sending) {
                each.get();
            }
            secondsOfLoad += seconds(System.nanoTime() - begun);
            List<VirtualUsers.Sample> samples = users.isPresent() ? users.get().await() : List.of();
            assertKept(round, cluster, victim, samples);
        } finally {
            done.set(true);
            threads.shutdownNow();
        }
    }

    /** Registers each id that nobody has yet: all threads try the same ones. */
    private Void sendUntilDone(CountersignClient client) throws CountersignException {
        for (int number = 0; !done.get(); number++) {
            String id = "id-" + number;
            try {
                Credentials own = client.register(id);
                assertNull(owners.putIfAbsent(id, own), id + " was given twice");
                sendAs(own, client);
            } catch (RefusedException e) {
                assertEquals(Refusal.ID_TAKEN, e.problem().refusal());
            }
        }
        return null;
    }

    private void sendAs(Credentials own, CountersignClient client) throws CountersignException {
        List<Line> lines = acknowledged.computeIfAbsent(own.id(), id -> new ArrayList<>());
        for (int i = 0; i < REQUESTS_AN_ID && !done.get(); i++) {
            LockSupport.parkNanos(THINK_NANOS);
            String key = Key.random();
            List<String> sent = i % 4 == 0
                    ? List.of(own.id() + " " + i + ".1", "\ud83d\ude00 " + i + ".2", "\n" + i + ".3")
                    : List.of(own.id() + " " + i);
            long begun = System.nanoTime();
            List<Receipt> receipts =
                    sent.size() == 1 ? List.of(client.send(own, sent.get(0), key)) : client.sendAll(own, sent, key);
            ANSWER_NANOS.add(System.nanoTime() - begun);
            for (int text = 0; text < sent.size(); text++) {
                String part = sent.size() == 1 ? "" : text + 1 + "/" + sent.size();
                Receipt receipt = receipts.get(text);
                lines.add(new Line(receipt.value(), micros(receipt.time()), own.id(), key, part, sent.get(text)));
            }
            texts.addAndGet(sent.size());
        }
    }

    private static String micros(Instant time) {
        return String.format(Locale.ROOT, "%s.%06dZ", time.toString().substring(0, 19), time.getNano() / 1_000);
    }

    private void awaitTexts(List<Future<?>> sending, Cluster cluster) throws Exception {
        int until = texts.get() + TEXTS_BETWEEN_KILLS;
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (texts.get() < until) {
            for (Future<?> each : sending) {
                if (each.isDone()) {
                    each.get(); // throws
                }
            }
            assertTrue(System.nanoTime() < deadline, () -> "too slow: " + cluster.outputs());
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
        }
    }

    private void assertKept(int round, Cluster cluster, int victim, List<VirtualUsers.Sample> samples)
            throws Exception {
        Gson gson = new Gson();
        Map<Boolean, List<Line>> byUsers = cluster.log().stream()
                .map(line -> gson.fromJson(line, Line.class))
                .collect(Collectors.partitioningBy(line -> VirtualUsers.isOne(line.id())));
        List<Line> log = byUsers.get(false);
        Map<List<String>, Line> once = new LinkedHashMap<>();
        log.forEach(line -> once.putIfAbsent(line.place(), line));
        Map<String, List<String>> read = new HashMap<>(); // texts by id
        once.values()
                .forEach(line ->
                        read.computeIfAbsent(line.id(), id -> new ArrayList<>()).add(line.message()));
        Map<String, List<String>> sent = new HashMap<>();
        Set<Line> lost = new HashSet<>();
        acknowledged.values().removeIf(List::isEmpty); // of an id that was registered last
        acknowledged.forEach((id, lines) -> {
            lost.addAll(lines);
            sent.put(id, lines.stream().map(Line::message).toList());
        });
        log.forEach(lost::remove);
        long doubled = once.size()
                - read.values().stream()
                        .mapToLong(each -> each.stream().distinct().count())
                        .sum();
        Set<List<String>> lostOfUsers = samples.stream()
                .filter(sample -> sample.isCreated("message"))
                .map(sample -> List.of(sample.receipt(), sample.user().id(), sample.text()))
                .collect(Collectors.toSet());
        int textsOfUsers = lostOfUsers.size();
        byUsers.get(true).forEach(line -> lostOfUsers.remove(List.of(line.receipt(), line.id(), line.message())));
        doubled += byUsers.get(true).size()
                - byUsers.get(true).stream().map(Line::message).distinct().count();
        samples.stream()
                .filter(sample -> sample.isCreated("register"))
                .forEach(sample -> assertNull(owners.putIfAbsent(sample.user().id(), sample.user())));
        Set<String> codesLost = codesNoLongerAccepted(cluster, victim);
        allTexts += texts.get();
        linesAgain += log.size() - once.size();
        String figures = figures() + (samples.isEmpty() ? "" : "; " + VirtualUsers.figures(samples, JMETER_SECONDS));
        System.out.printf(
                Locale.ROOT,
                "round %d: %d messages of %d ids, lost %d and %d, doubled %d, %d calls tried again; so far%s%n",
                round + 1,
                texts.get() + textsOfUsers,
                owners.size(),
                lost.size() + lostOfUsers.size(),
                codesLost.size(),
                doubled,
                waits.get(),
                figures);
        PROOF.measured(figures);
        PROOF.lookedFor(
                texts.get() + textsOfUsers + owners.size(),
                lost.size() + lostOfUsers.size() + codesLost.size(),
                doubled);
        assertEquals(Set.of(), lost, "lost");
        assertEquals(sent, read, "each text once, in the order its client sent it, and nothing else");
        assertEquals(Set.of(), lostOfUsers, "lost of JMeter's users");
        assertEquals(0, doubled, "logged twice, without a key to tell");
        assertEquals(Set.of(), codesLost, "codes lost");
    }

    private static String figures() {
        long[] nanos = ANSWER_NANOS.stream().mapToLong(Long::longValue).sorted().toArray();
        return String.format(
                Locale.ROOT,
                ": %.0f messages a second from %d clients, half of the answers within %.0f ms, 99 %% within %.0f ms, all within"
                        + " %.1f s; %d lines in the topic twice, told apart by their keys",
                allTexts / secondsOfLoad,
                SENDERS,
                1e3 * seconds(nanos[nanos.length / 2]),
                1e3 * seconds(nanos[nanos.length * 99 / 100]),
                seconds(nanos[nanos.length - 1]),
                linesAgain);
    }

    private static double seconds(long nanos) {
        return nanos / 1e9;
    }

    /** By each server that is left. */
    private Set<String> codesNoLongerAccepted(Cluster cluster, int victim) {
        Set<String> refused = ConcurrentHashMap.newKeySet();
        for (int server = 0; server < Cluster.SIZE; server++) {
            if (server != victim) {
                try (CountersignClient client = cluster.clientBuilder(server).build()) {
                    owners.values().parallelStream().forEach(own -> {
                        try {
                            client.send(own, "still me");
                        } catch (CountersignException e) {
                            refused.add(own.id() + ": " + e.getMessage());
                        }
                    });
                }
            }
        }
        return refused;
    }
}
