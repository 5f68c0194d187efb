package dev.countersign.core.kafka;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.Appended;
import dev.countersign.core.Await;
import dev.countersign.core.ClientId;
import dev.countersign.core.LineText;
import dev.countersign.core.LogRange;
import dev.countersign.core.LogReader;
import dev.countersign.core.Messages;
import dev.countersign.core.OverloadedException;
import dev.countersign.core.RequestKey;
import dev.countersign.core.ServerLogEvents;
import dev.countersign.core.StartupException;
import dev.countersign.core.StoreSettings;
import dev.countersign.core.TopicSettings;
import dev.countersign.core.UnavailableException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Messages in a topic of a real broker, and what becomes of them when it fails. */
@Tag("cluster")
@Timeout(120) // a broker that starts takes a while
class KafkaLogTest {

    private static final ClientId ALICE = new ClientId("alice");
    private static final int QUEUE_SIZE = 200;
    private static final AtomicInteger TOPICS = new AtomicInteger();

    @TempDir
    static Path folder;

    private static KafkaBroker broker;
    private TopicSettings settings;
    private KafkaMessageLog messages;

    @BeforeAll
    @Timeout(120)
    static void startBroker() throws Exception {
        broker = new KafkaBroker(folder.resolve("broker"));
    }

    @AfterAll
    static void killBroker() {
        broker.close();
    }

    @BeforeEach
    void open() {
        settings = new TopicSettings(broker.url("topic-" + TOPICS.incrementAndGet()), "");
        messages = open(settings);
    }

    @AfterEach
    void close() {
        messages.close();
    }

    private static KafkaMessageLog open(TopicSettings settings) {
        StoreSettings all = StoreSettings.defaults();
        StoreSettings store = new StoreSettings(
                all.database(),
                settings,
                all.sync(),
                QUEUE_SIZE,
                all.queueMemoryBytes(),
                all.rememberedKeys(),
                all.log());
        return KafkaMessageLog.open(store, Runnable::run);
    }

    @Test
    void anyTextIsReadAsItWasSentWithTheReceiptsThatWereGiven() throws Exception {
        List<String> texts = List.of(
                "",
                "any text",
                "two\nlines\r\n",
                "\"quoted\" \\ \u0000 \u0007 \u007f \u0085",
                "\u202e\u2028 \ud83d\ude00 é");
        List<String> expected = new ArrayList<>();
        for (String each : texts) {
            Appended.Logged logged = logged(Messages.of(ALICE, each));
            expected.add("{\"receipt\":\"" + logged.receipts().get(0) + "\",\"time\":\""
                    + LineText.time(LineText.micros(logged.time())) + "\",\"id\":\"alice\",\"message\":\""
                    + LineText.escape(each) + "\"}\n");
        }
        assertEquals(expected, lines(settings, LogRange.from(0)));
    }

    @Test
    void aListIsOneRecordAndReceiptsAreNeverGivenTwice() throws Exception {
        List<String> texts =
                IntStream.range(0, 1_000).mapToObj(i -> "text " + i).toList();
        Set<String> receipts = new HashSet<>();
        for (String id : List.of("alice", "bob", "carol", "dave")) {
            Messages list = new Messages(new ClientId(id), RequestKey.parse("a-key"), texts, true);
            receipts.addAll(logged(list).receipts());
        }
        assertEquals(4_000, receipts.size());
        List<String> parts = lines(settings, LogRange.from(0)).stream()
                .filter(line -> line.contains("\"id\":\"carol\""))
                .map(line ->
                        line.replaceFirst(".*\"key\":\"a-key\",\"part\":\"(.*)\",\"message\":\"(.*)\"}\n", "$1 $2"))
                .toList();
        assertEquals(
                IntStream.range(0, 1_000)
                        .mapToObj(i -> (i + 1) + "/1000 text " + i)
                        .toList(),
                parts);
    }

    @Test
    void whatOneClientSendsIsReadInTheOrderSentAndTimesDoNotFall() throws Exception {
        List<CompletionStage<Appended>> stages = IntStream.range(0, QUEUE_SIZE)
                .mapToObj(i -> messages.append(Messages.of(ALICE, "text " + i)))
                .toList();
        Instant last = Instant.EPOCH;
        for (CompletionStage<Appended> each : stages) {
            Instant time = ((Appended.Logged) result(each)).time();
            assertFalse(time.isBefore(last));
            last = time;
        }
        List<String> texts = new ArrayList<>();
        try (LogReader reader = KafkaLogReader.open(settings, LogRange.from(0))) {
            while (reader.next()) {
                texts.add(reader.line().escapedText());
            }
        }
        assertEquals(IntStream.range(0, QUEUE_SIZE).mapToObj(i -> "text " + i).toList(), texts);
    }

    @Test
    void aRepeatIsNotLoggedAgainAndAnotherRequestWithItsKeyIsRefused() throws Exception {
        Messages request = new Messages(ALICE, RequestKey.parse("a-key"), List.of("once"), false);
        CompletionStage<Appended> first = messages.append(request);
        CompletionStage<Appended> meanwhile = messages.append(request);
        Appended.Logged logged = (Appended.Logged) result(first);
        Appended.Repeated repeated = new Appended.Repeated(logged.receipts(), logged.time());
        assertEquals(repeated, result(meanwhile));
        assertEquals(repeated, result(messages.append(request)));
        for (Messages other : List.of(
                new Messages(ALICE, RequestKey.parse("a-key"), List.of("twice"), false),
                new Messages(ALICE, RequestKey.parse("a-key"), List.of("once"), true))) {
            assertEquals(new Appended.KeyReused(), result(messages.append(other)));
        }
        logged(new Messages(new ClientId("bob"), RequestKey.parse("a-key"), List.of("once"), false));
        assertEquals(2, lines(settings, LogRange.from(0)).size());
    }

    @Test
    void aKilledBrokerLosesNothingAcknowledgedAndIsUsedAgainWhenItIsBack() throws Exception {
        List<String> receipts = new ArrayList<>();
        for (int i = 0; i < 50; i++) {
            receipts.addAll(
                    logged(Messages.of(new ClientId("id-" + i), "before")).receipts());
        }
        List<CompletionStage<Appended>> stages = IntStream.range(0, 100)
                .mapToObj(i -> messages.append(Messages.of(new ClientId("id-" + i), "meanwhile")))
                .toList();
        broker.kill();
        assertUnavailableInTime(Messages.of(ALICE, "lost"));
        assertTrue(messages.trouble().isPresent());
        for (CompletionStage<Appended> each : stages) {
            try {
                receipts.addAll(((Appended.Logged) result(each)).receipts());
            } catch (ExecutionException e) {
                assertInstanceOf(UnavailableException.class, e.getCause());
            }
        }
        broker.start();
        awaitHealth();
        receipts.addAll(loggedInTheEnd(Messages.of(ALICE, "after")).receipts());
        Set<String> found = new HashSet<>();
        for (String line : lines(settings, LogRange.from(0))) {
            found.add(line.substring("{\"receipt\":\"".length(), line.indexOf("\",\"time")));
        }
        assertEquals(Set.of(), difference(receipts, found));
    }

    private static Set<String> difference(List<String> all, Set<String> without) {
        Set<String> rest = new HashSet<>(all);
        rest.removeAll(without);
        return rest;
    }

    @Test
    void whileTheBrokerIsPausedNobodyWaitsLongAndWhatIsTooMuchIsRefusedAtOnce() throws Exception {
        broker.pause();
        try {
            List<CompletionStage<Appended>> stages = IntStream.range(0, QUEUE_SIZE)
                    .mapToObj(i -> messages.append(Messages.of(new ClientId("id-" + i), "text")))
                    .toList();
            assertInstanceOf(OverloadedException.class, failure(messages.append(Messages.of(ALICE, "too much"))));
            for (CompletionStage<Appended> each : stages) {
                assertInstanceOf(UnavailableException.class, failure(each));
            }
            assertTrue(messages.trouble().isPresent());
        } finally {
            broker.resume();
        }
        awaitHealth();
        loggedInTheEnd(Messages.of(ALICE, "after"));
    }

    @Test
    void aTopicMadeAnewUnderTheSameNameIsDownAndGetsNothing() throws Exception {
        logged(Messages.of(ALICE, "before"));
        String name = settings.url().replaceFirst(".*/", "");
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.address()))) {
            admin.deleteTopics(List.of(name)).all().get(10, TimeUnit.SECONDS);
            Await.until(() -> {
                try {
                    admin.createTopics(List.of(new NewTopic(name, 3, (short) 1)))
                            .all()
                            .get(10, TimeUnit.SECONDS);
                    return true;
                } catch (InterruptedException | ExecutionException | java.util.concurrent.TimeoutException e) {
                    return false; // its deletion is still under way
                }
            });
        }
        Await.until(() -> messages.trouble().orElse("").contains("made anew"));
        assertUnavailableInTime(Messages.of(ALICE, "after"));
        assertTrue(messages.trouble().isPresent());
        assertFalse(lines(settings, LogRange.from(0)).toString().contains("\"after\""));
        messages.close();
        messages = open(settings);
        logged(Messages.of(ALICE, "after a restart"));
    }

    @Test
    void theNewestAreReadByTimeAndARangeByItsTimes() throws Exception {
        List<Instant> times = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            times.add(logged(Messages.of(new ClientId("id-" + i), "text " + i)).time());
        }
        LogRange all = LogRange.from(0);
        List<String> newest = lines(settings, new LogRange(0, all.since(), all.until(), 3));
        assertEquals(3, newest.size());
        for (int i = 0; i < 3; i++) {
            assertTrue(newest.get(i).contains("\"text " + (17 + i) + "\""), newest.toString());
        }
        List<String> range = lines(settings, new LogRange(0, times.get(5), times.get(9), Long.MAX_VALUE));
        assertEquals(5, range.size());
        try (LogReader following = KafkaLogReader.open(settings, new LogRange(0, all.since(), all.until(), 1))) {
            assertTrue(following.next());
            assertFalse(following.next());
            logged(Messages.of(ALICE, "later"));
            assertTrue(following.next());
            assertEquals("later", following.line().escapedText());
            assertFalse(following.next());
        }
    }

    @Test
    void aReaderComesToAnEndThoughMessagesKeepComing() throws Exception {
        logged(Messages.of(ALICE, "before"));
        AtomicBoolean ended = new AtomicBoolean();
        Future<?> sending = Executors.newSingleThreadExecutor().submit(() -> {
            while (!ended.get()) {
                logged(Messages.of(ALICE, "meanwhile"));
            }
            return null;
        });
        try (LogReader reader = KafkaLogReader.open(settings, LogRange.from(0))) {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
            while (reader.next()) {
                assertTrue(System.nanoTime() < deadline, "it goes on and on");
            }
            assertTrue(reader.next(), "and then there is more");
        } finally {
            ended.set(true);
        }
        sending.get();
    }

    @Test
    void recordsThatNoServerWroteAreCountedAndNotGiven() throws Exception {
        logged(new Messages(ALICE, Optional.empty(), List.of("one", "two"), true));
        String line = lines(settings, LogRange.from(0)).get(0).replaceFirst("\"receipt\":\"[^\"]*\",", "");
        List<String> foreign = List.of("", "hello", line, line + line, line.strip(), line.replace("1/2", "2/2"));
        try (KafkaProducer<byte[], byte[]> other = new KafkaProducer<>(
                Map.of("bootstrap.servers", broker.address()), new ByteArraySerializer(), new ByteArraySerializer())) {
            for (String each : foreign) {
                other.send(new ProducerRecord<>(settings.url().replaceFirst(".*/", ""), each.getBytes(UTF_8)));
            }
        }
        logged(Messages.of(ALICE, "three"));
        try (LogReader reader = KafkaLogReader.open(settings, LogRange.from(0))) {
            for (String text : List.of("one", "two", "three")) {
                assertTrue(reader.next());
                assertEquals(text, reader.line().escapedText());
            }
            assertFalse(reader.next());
            assertEquals(foreign.size(), reader.foreignLines());
        }
    }

    @Test
    void aTopicThatCanLoseMessagesIsNamedInWarnings() {
        try (ServerLogEvents events = new ServerLogEvents(Topic.class)) {
            open(new TopicSettings(broker.url("topic-" + TOPICS.incrementAndGet()), ""))
                    .close();
            String warnings = events.list().toString();
            assertTrue(warnings.contains("one replica") && warnings.contains("min.insync.replicas=1"), warnings);
            assertFalse(warnings.contains("unclean") || warnings.contains("retention"), warnings);
        }
    }

    @ParameterizedTest
    @CsvSource({
        "kafka://127.0.0.1:1/topic,                 '',      --log",
        "kafka://BROKER/topic?x=y,                  '',      --log must be kafka://",
        "kafka://BROKER/,                           '',      --log must be kafka://",
        "file:///tmp/x,                             '',      --log must be kafka://",
        "kafka://BROKER/topic,                      missing, missing",
    })
    void aStartThatFailsSaysInALineWhyAndWhichOption(String url, String file, String reason) {
        TopicSettings wrong = new TopicSettings(url.replace("BROKER", broker.address()), file);
        String refusal = assertThrows(StartupException.class, () -> open(wrong)).getMessage();
        assertTrue(refusal.contains(reason) && refusal.contains("--log"), refusal);
        assertEquals(1, refusal.lines().count(), refusal);
    }

    private Appended.Logged logged(Messages request) throws Exception {
        return (Appended.Logged) result(messages.append(request));
    }

    private static <R> R result(CompletionStage<R> stage) throws Exception {
        return stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
    }

    private static Throwable failure(CompletionStage<?> stage) {
        return assertThrows(ExecutionException.class, () -> result(stage)).getCause();
    }

    private void assertUnavailableInTime(Messages request) {
        assertInstanceOf(UnavailableException.class, failure(messages.append(request)));
    }

    /** A broker may say that it is well before it takes records again, and before the queue of those that failed is empty. */
    private Appended.Logged loggedInTheEnd(Messages request) throws Exception {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (true) {
            try {
                return logged(request);
            } catch (ExecutionException e) {
                assertTrue(
                        e.getCause() instanceof UnavailableException || e.getCause() instanceof OverloadedException,
                        e::toString);
                assertTrue(System.nanoTime() < deadline, "no message is taken in a minute");
            }
        }
    }

    /** A broker that starts takes a while. */
    private void awaitHealth() {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (messages.trouble().isPresent()) {
            assertTrue(System.nanoTime() < deadline, "not healthy in a minute");
            Thread.yield();
        }
    }

    @Test
    void aSettingOfTheClientThatCouldWeakenThePromiseIsRefused() throws IOException {
        Path file = Files.write(folder.resolve("weak.properties"), List.of("security.protocol=PLAINTEXT", "acks=0"));
        TopicSettings weak = new TopicSettings(settings.url(), file.toString());
        String refusal = assertThrows(StartupException.class, () -> open(weak)).getMessage();
        assertTrue(refusal.contains("--log-config") && refusal.contains("remove acks"), refusal);
        Files.write(file, List.of("security.protocol=PLAINTEXT"));
        open(weak).close();
    }

    @Test
    void messagesOfAllPartitionsAreReadByTime() throws Exception {
        List<String> sent = new ArrayList<>();
        for (int i = 0; i < 30; i++) {
            sent.add("text " + i);
            logged(Messages.of(new ClientId("id-" + i), sent.get(i)));
        }
        List<String> read = new ArrayList<>();
        Set<String> partitions = new HashSet<>();
        for (String line : lines(settings, LogRange.from(0))) {
            partitions.add(line.split("[.]")[1]);
            read.add(line.replaceFirst("(?s).*\"message\":\"(.*)\"}\n", "$1"));
        }
        assertEquals(Set.of("0", "1", "2"), partitions);
        assertEquals(sent, read);
    }

    private static List<String> lines(TopicSettings settings, LogRange range) throws IOException {
        List<String> lines = new ArrayList<>();
        try (LogReader reader = KafkaLogReader.open(settings, range)) {
            while (reader.next()) {
                ByteArrayOutputStream line = new ByteArrayOutputStream();
                reader.writeLine(line);
                lines.add(line.toString(UTF_8));
            }
        }
        return lines;
    }
}
