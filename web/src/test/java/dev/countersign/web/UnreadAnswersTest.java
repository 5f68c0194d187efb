package dev.countersign.web;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
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

    @Test
    void refusalsThatNobodyReadsLeaveNoConnectionOpen() throws Exception {
        byte[] refused =
                "DELETE /health HTTP/1.1\r\nHost: a\r\n\r\n".repeat(200).getBytes(US_ASCII);
        long before = sockets();
        List<SocketChannel> clients = new ArrayList<>();
        for (int i = 0; i < 10; i++) {
            SocketChannel client = SocketChannel.open();
            client.setOption(StandardSocketOptions.SO_RCVBUF, 2048);
            client.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.messagePort()));
            client.configureBlocking(false);
            clients.add(client);
        }
        for (long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(4); System.nanoTime() < end; Thread.sleep(10)) {
            for (SocketChannel client : clients) {
                client.write(ByteBuffer.wrap(refused)); // a part of it, in the end: what follows is refused, too
            }
        }
        for (SocketChannel client : clients) {
            client.close();
        }
        for (long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20); sockets() > before; Thread.sleep(100)) {
            assertTrue(System.nanoTime() < end, sockets() + " sockets are open, before there were " + before);
        }
    }

    /** Open sockets of this process, and so of the server. */
    private static long sockets() throws IOException {
        try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
            return open.filter(each -> {
                        try {
                            return Files.readSymbolicLink(each).toString().startsWith("socket:");
                        } catch (IOException e) {
                            return false; // closed meanwhile
                        }
                    })
                    .count();
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
