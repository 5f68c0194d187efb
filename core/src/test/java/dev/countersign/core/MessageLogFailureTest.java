package dev.countersign.core;

import static dev.countersign.core.Await.failure;
import static dev.countersign.core.Await.result;
import static dev.countersign.core.Await.until;
import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A message that did not reach the disk is never acknowledged, and leaves no trace once the disk is well again. */
class MessageLogFailureTest {

    private static final ClientId ALICE = new ClientId("alice");

    @TempDir
    Path folder;

    private final FaultyDisk disk = new FaultyDisk();
    private final List<LoggedLine> acknowledged = new ArrayList<>();
    private Path file;
    private MessageLog log;

    @BeforeEach
    void open() {
        file = folder.resolve("messages.jsonl");
        log = MessageLog.open(file, Sync.ALWAYS, 1_000, Runnable::run, Clock.systemUTC(), disk::open);
    }

    @AfterEach
    void close() throws Exception {
        disk.mend();
        log.close();
    }

    static List<Named<Consumer<FaultyDisk>>> failures() {
        return List.of(
                Named.of("a flush fails", FaultyDisk::failFlushes),
                Named.of("the disk is full", disk -> disk.fillUpAfter(0)),
                Named.of("the disk is full after a byte", disk -> disk.fillUpAfter(1)),
                Named.of("the disk is full half-way through a line", disk -> disk.fillUpAfter(50)),
                Named.of("the disk is full before the newline", disk -> disk.fillUpAfter(79)),
                Named.of("a flush is not supported", disk -> disk.failFlushes("Invalid argument")));
    }

    static List<Named<Consumer<FaultyDisk>>> twoFailures() {
        return failures().subList(0, 2);
    }

    @ParameterizedTest
    @MethodSource("failures")
    void aFailureIsNeverAcknowledgedAndTakesTheHealthDown(Consumer<FaultyDisk> fail) throws Exception {
        append("before");
        fail.accept(disk);
        assertInstanceOf(UnavailableException.class, failure(log.append(new Message(ALICE, "lost"))));
        assertFalse(log.healthy());
        assertInstanceOf(UnavailableException.class, failure(log.append(new Message(ALICE, "lost, too"))));
        assertFalse(log.healthy());
    }

    @ParameterizedTest
    @MethodSource("failures")
    void onceTheDiskIsWellTheLogGoesOnWithoutATraceOfTheFailure(Consumer<FaultyDisk> fail) throws Exception {
        append("before");
        fail.accept(disk);
        failure(log.append(new Message(ALICE, "lost")));
        disk.mend();
        append("after");
        append("and on");
        assertTrue(log.healthy());
        assertLogHoldsWhatWasAcknowledged();
    }

    @ParameterizedTest
    @MethodSource("twoFailures") // each takes a second
    void onceTheDiskIsWellTheHealthComesBackByItself(Consumer<FaultyDisk> fail) throws Exception {
        append("before");
        byte[] before = Files.readAllBytes(file);
        fail.accept(disk);
        failure(log.append(new Message(ALICE, "lost")));
        disk.mend();
        until(log::healthy);
        assertArrayEquals(before, Files.readAllBytes(file));
    }

    @Test
    void ofAFailedBatchNothingIsAcknowledged() throws Exception {
        append("before");
        disk.stallFlushes();
        CompletionStage<Receipt> first = log.append(new Message(ALICE, "lost 0"));
        disk.awaitStalledFlush();
        List<CompletionStage<Receipt>> batch = IntStream.rangeClosed(1, 100)
                .mapToObj(i -> log.append(new Message(ALICE, "lost " + i)))
                .toList();
        disk.failFlushes();
        disk.letFlushesGo();
        assertInstanceOf(UnavailableException.class, failure(first));
        for (CompletionStage<Receipt> stage : batch) {
            assertInstanceOf(UnavailableException.class, failure(stage));
        }
        disk.mend();
        append("after");
        assertLogHoldsWhatWasAcknowledged();
    }

    @Test
    void aDiskThatFillsUpAnywhereInABatchLosesNothingAcknowledged() throws Exception {
        for (int room = 0; room < 400; room += 7) {
            disk.fillUpAfter(room);
            List<Message> messages = IntStream.range(0, 5)
                    .mapToObj(i -> new Message(ALICE, "text " + i))
                    .toList();
            List<CompletionStage<Receipt>> stages =
                    messages.stream().map(log::append).toList();
            for (int i = 0; i < messages.size(); i++) {
                Message message = messages.get(i);
                result(stages.get(i)
                        .handle((receipt, failure) ->
                                failure == null && acknowledged.add(LoggedLine.of(receipt, message))));
            }
            disk.mend();
            append("after " + room);
        }
        assertLogHoldsWhatWasAcknowledged();
    }

    @Test
    void aStartAfterAFailureFindsAWholeLog() throws Exception {
        append("before");
        disk.fillUpAfter(50);
        failure(log.append(new Message(ALICE, "lost")));
        log.close();
        disk.mend();
        open();
        append("after");
        assertLogHoldsWhatWasAcknowledged();
    }

    @Test
    void aFullDiskIsWrittenOfOnceInTheServersLog() throws Exception {
        try (ServerLogEvents events = new ServerLogEvents(GroupCommit.class)) {
            disk.fillUpAfter(0);
            for (int i = 0; i < 20; i++) {
                failure(log.append(new Message(ALICE, "lost")));
            }
            assertEquals(1, events.list().size());
            assertEquals(
                    "No space left on device",
                    events.list().get(0).getThrowableProxy().getMessage());
        }
    }

    private void append(String text) throws Exception {
        Message message = new Message(ALICE, text);
        acknowledged.add(LoggedLine.of(result(log.append(message)), message));
    }

    private void assertLogHoldsWhatWasAcknowledged() throws Exception {
        assertEquals(acknowledged, LoggedLine.readAll(file));
        List<Long> receipts = acknowledged.stream()
                .map(line -> Long.parseLong(line.receipt()))
                .toList();
        assertEquals(receipts.stream().sorted().distinct().toList(), receipts);
    }
}
