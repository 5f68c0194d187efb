package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.nio.file.Path;
import java.util.Collections;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** A client that sends on and on, and reads no answer. */
final class UnreadAnswersTest {

    /** The most that a request may have: their receipts are the longest answer. */
    private static final int TEXTS = 1_000;

    /** Longer than what Jetty buffers by default. */
    private static final int LONG_BYTES = 9_000;

    @TempDir
    static Path home;

    @RegisterExtension
    static final RunningServer server = new RunningServer(() -> home);

    @Test
    void nobodyElseWaitsForAClientThatReadsNoAnswers() throws Exception {
        String code = server.service().register("reads");
        Answer answer;
        do {
            answer = server.service().postMessage(list("reads", code));
            assertEquals(201, answer.status());
        } while (answer.body().length < LONG_BYTES);
        assertTrue(answer.header("Content-Length").isPresent(), "sent as a whole");
        try (Socket silent = new Socket()) {
            silent.setReceiveBufferSize(4096);
            silent.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.messagePort()));
            String other = server.service().register("reads-not");
            awaitFullBuffers(silent, Connection.post("/message", list("reads-not", other)));

            for (int i = 0; i < 3; i++) {
                assertEquals(
                        201,
                        server.service().send("reads", code, "while it waits").status());
            }
        }
    }

    private static String list(String id, String code) {
        return Json.messages(id, code, Collections.nCopies(TEXTS, ""));
    }

    /** Sends until the server takes no more, because its answers are not read. */
    private static void awaitFullBuffers(Socket silent, byte[] request) throws InterruptedException {
        AtomicInteger sent = new AtomicInteger();
        Thread sending = new Thread(() -> {
            try {
                while (true) {
                    silent.getOutputStream().write(request);
                    sent.incrementAndGet();
                }
            } catch (IOException e) {
                // closed at the end of the test
            }
        });
        sending.setDaemon(true);
        sending.start();
        int before;
        do {
            before = sent.get();
            TimeUnit.SECONDS.sleep(2);
            assertTrue(sending.isAlive(), "the server has closed the connection");
        } while (sent.get() != before);
    }
}
