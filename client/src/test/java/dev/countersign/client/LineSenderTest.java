package dev.countersign.client;

import static dev.countersign.client.ScriptedServer.loggedAll;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayInputStream;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class LineSenderTest {

    private final CountDownLatch held = new CountDownLatch(1);

    @Test
    void whoStopsItGetsTheAnswerUnderWayAndNothingMoreIsSent() throws Exception {
        try (ScriptedServer server = new ScriptedServer((out, closed) -> {
                    held.await();
                    loggedAll(1, 1).answer(out, closed);
                });
                CountersignClient client = CountersignClient.builder()
                        .messagePort(server.port())
                        .maxBodyBytes(1024)
                        .build()) {
            LineSender lines = new LineSender(
                    client, new Credentials("alice", "her-code"), position -> {}, (receipts, logged) -> {});
            String line = "x".repeat(900) + "\n";
            Thread sending = started(() ->
                    lines.send(new ByteArrayInputStream(line.repeat(3).getBytes(UTF_8)), ProgressFile.Position.START));
            server.awaitRequests(1);
            assertEquals("no line is logged, line 1 may be, nothing after that was sent", lines.outcome());
            Thread stopping = started(() -> lines.stop(Duration.ofMinutes(1)));
            await(stopping, Thread.State.TIMED_WAITING);

            held.countDown();

            stopping.join();
            assertEquals("line 1 is logged, nothing after that was sent", lines.outcome());
            await(sending, Thread.State.WAITING);
            assertEquals(1, server.requests().size());
        }
    }

    private interface Work {
        void run() throws Exception;
    }

    private static Thread started(Work work) {
        Thread thread = new Thread(() -> {
            try {
                work.run();
            } catch (Exception e) {
                throw new IllegalStateException(e);
            }
        });
        thread.setDaemon(true);
        thread.start();
        return thread;
    }

    private static void await(Thread thread, Thread.State state) {
        while (thread.getState() != state) {
            Thread.onSpinWait();
        }
    }
}
