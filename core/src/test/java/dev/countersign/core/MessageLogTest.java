package dev.countersign.core;

import static dev.countersign.core.Await.failure;
import static dev.countersign.core.Await.result;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MessageLogTest {

    private static final ClientId ALICE = new ClientId("alice");
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-11-22T19:26:55.071999Z"), ZoneOffset.UTC);

    @TempDir
    Path folder;

    private final FaultyDisk disk = new FaultyDisk();
    private Path file;

    @BeforeEach
    void name() {
        file = folder.resolve("messages.jsonl");
    }

    @Test
    void aLineSaysReceiptTimeIdAndMessageInThisOrder() throws Exception {
        try (MessageLog log = open(Sync.ALWAYS)) {
            result(log.append(new Message(ALICE, "hi")));
            result(log.append(new Message(new ClientId("Bob-2_.x"), "")));
        }
        assertEquals(
                "{\"receipt\":\"1\",\"time\":\"2026-11-22T19:26:55.071Z\",\"id\":\"alice\",\"message\":\"hi\"}\n"
                        + "{\"receipt\":\"2\",\"time\":\"2026-11-22T19:26:55.071Z\",\"id\":\"Bob-2_.x\",\"message\":\"\"}\n",
                Files.readString(file));
    }

    @Test
    void aWholeSecondIsWrittenWithItsMilliseconds() throws Exception {
        Clock wholeSecond = Clock.fixed(Instant.parse("2026-11-22T19:26:55Z"), ZoneOffset.UTC);
        try (MessageLog log = MessageLog.open(file, Sync.OS, 10, Runnable::run, wholeSecond)) {
            assertEquals(
                    "2026-11-22T19:26:55.000Z",
                    result(log.append(new Message(ALICE, "hi"))).time());
        }
    }

    @Test
    void ofManyCallersAtOnceEachGetsTheReceiptOfItsOwnLine() throws Exception {
        List<Callable<List<LoggedLine>>> callers = new ArrayList<>();
        try (MessageLog log = open(Sync.ALWAYS)) {
            for (int caller = 0; caller < 8; caller++) {
                ClientId id = new ClientId("client-" + caller);
                callers.add(() -> appendOneByOne(log, id, 200));
            }
            List<LoggedLine> expected = new ArrayList<>();
            ExecutorService threads = Executors.newFixedThreadPool(callers.size());
            for (Future<List<LoggedLine>> acknowledged : threads.invokeAll(callers)) {
                expected.addAll(acknowledged.get());
            }
            threads.shutdown();
            expected.sort(Comparator.comparingLong(line -> Long.parseLong(line.receipt())));
            assertEquals(expected, LoggedLine.readAll(file));
        }
    }

    @Test
    void receiptsRiseByOneAlsoAcrossARestart() throws Exception {
        for (int start = 0; start < 3; start++) {
            try (MessageLog log = open(Sync.ALWAYS)) {
                appendOneByOne(log, ALICE, 5);
            }
        }
        assertEquals(
                LongStream.rangeClosed(1, 15).mapToObj(Long::toString).toList(),
                LoggedLine.readAll(file).stream().map(LoggedLine::receipt).toList());
    }

    @Test
    void theMessagesOfOneClientThatWaitsStandInTheOrderSent() throws Exception {
        try (MessageLog log = open(Sync.ALWAYS)) {
            appendOneByOne(log, ALICE, 100);
        }
        assertEquals(
                IntStream.range(0, 100).mapToObj(Integer::toString).toList(),
                LoggedLine.readAll(file).stream().map(LoggedLine::message).toList());
    }

    @Test
    void aMessageIsAcknowledgedOnlyOnceItIsFlushed() throws Exception {
        try (MessageLog log = open(Sync.ALWAYS)) {
            disk.stallFlushes();
            CompletionStage<Receipt> stage = log.append(new Message(ALICE, "hi"));
            disk.awaitStalledFlush();
            assertEquals(1, LoggedLine.readAll(file).size());
            assertFalse(stage.toCompletableFuture().isDone());
            disk.mend();
            assertEquals(1, result(stage).number());
        }
    }

    @Test
    void whatComesDuringOneFlushSharesTheNext() throws Exception {
        try (MessageLog log = open(Sync.ALWAYS)) {
            disk.stallFlushes();
            log.append(new Message(ALICE, "first"));
            disk.awaitStalledFlush();
            List<CompletionStage<Receipt>> stages = IntStream.range(0, 100)
                    .mapToObj(i -> log.append(new Message(ALICE, "text " + i)))
                    .toList();
            disk.mend();
            for (CompletionStage<Receipt> stage : stages) {
                result(stage);
            }
            assertEquals(2, disk.flushes());
        }
    }

    @Test
    void leftToTheOperatingSystemNothingWaitsForAFlush() throws Exception {
        try (MessageLog log = open(Sync.OS)) {
            disk.failFlushes();
            appendOneByOne(log, ALICE, 10);
        }
        assertEquals(10, LoggedLine.readAll(file).size());
        assertEquals(0, disk.flushes());
    }

    @Test
    void aBatchLargerThanAnyBufferIsWrittenWhole() throws Exception {
        List<Message> messages = IntStream.range(0, 200)
                .mapToObj(i -> new Message(ALICE, Integer.toString(i % 10).repeat(i * 331)))
                .toList();
        try (MessageLog log = open(Sync.ALWAYS)) {
            disk.stallFlushes();
            List<CompletionStage<Receipt>> stages =
                    messages.stream().map(log::append).toList();
            disk.mend();
            for (CompletionStage<Receipt> stage : stages) {
                result(stage);
            }
        }
        assertEquals(
                messages.stream().map(Message::text).toList(),
                LoggedLine.readAll(file).stream().map(LoggedLine::message).toList());
    }

    @Test
    void closeWritesWhatWasAcceptedAndTakesNoMore() throws Exception {
        MessageLog log = open(Sync.ALWAYS);
        List<CompletionStage<Receipt>> accepted = IntStream.range(0, 100)
                .mapToObj(i -> log.append(new Message(ALICE, "text " + i)))
                .toList();
        log.close();
        assertTrue(
                accepted.stream().allMatch(stage -> stage.toCompletableFuture().isDone()));
        assertEquals(100, LoggedLine.readAll(file).size());
        assertInstanceOf(UnavailableException.class, failure(log.append(new Message(ALICE, "late"))));
        assertFalse(log.healthy());
    }

    private MessageLog open(Sync sync) {
        return MessageLog.open(file, sync, 1_000, Runnable::run, CLOCK, disk::open);
    }

    /** Appends texts "0", "1", … and waits for each; the lines that the receipts promise. */
    private static List<LoggedLine> appendOneByOne(MessageLog log, ClientId id, int messages) throws Exception {
        List<LoggedLine> promised = new ArrayList<>();
        for (int i = 0; i < messages; i++) {
            Message message = new Message(id, Integer.toString(i));
            promised.add(LoggedLine.of(result(log.append(message)), message));
        }
        return promised;
    }
}
