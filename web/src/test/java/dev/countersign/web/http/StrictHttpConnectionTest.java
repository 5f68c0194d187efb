package dev.countersign.web.http;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.countersign.web.Warnings;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicReference;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Two threads at one connection: one is about to leave the request that it has answered, the other reads the next one. */
@Timeout(60)
final class StrictHttpConnectionTest {

    /** The task that answers the first request, once the thread that has read it is done. */
    private final AtomicReference<Runnable> answer = new AtomicReference<>();

    private final CountDownLatch readsOn = new CountDownLatch(1);
    private final CountDownLatch nextIsRead = new CountDownLatch(1);
    private final Server server = new Server(new HeldThreads());
    private final ServerConnector connector =
            new ServerConnector(server, SerialHttpConnection.factory(new HttpConfiguration()));
    private final Warnings warnings = new Warnings();

    /** Holds the thread that has answered the first request, and has the connection read on, until the next one is read. */
    private final class HeldThreads extends QueuedThreadPool {

        private volatile Thread held;

        HeldThreads() {
            setReservedThreads(0); // so that each read is a task of its own
        }

        @Override
        public void execute(Runnable task) {
            boolean isFirst = task instanceof HttpConnection && held == null;
            if (isFirst) {
                held = Thread.currentThread();
            }
            super.execute(task);
            if (isFirst) {
                await(nextIsRead);
            }
        }

        @Override
        protected void runJob(Runnable task) {
            super.runJob(task);
            Runnable first = answer.getAndSet(null);
            if (first != null) {
                super.execute(first);
            } else if (held != null && task instanceof HttpConnection) {
                readsOn.countDown();
            } else if (held != null && held != Thread.currentThread()) {
                nextIsRead.countDown();
            }
        }
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @BeforeEach
    void start() throws Exception {
        server.addConnector(connector);
        server.setErrorHandler(new ProblemHandler(Map.of()));
        server.setHandler(new Handler.Abstract() {
            @Override
            public boolean handle(Request request, Response response, Callback callback) {
                answer.set(() -> response.write(true, ByteBuffer.wrap("hello".getBytes(US_ASCII)), callback));
                return true;
            }
        });
        server.start();
    }

    @AfterEach
    void stop() throws Exception {
        server.stop();
        warnings.close();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "* HTTP/1.1\r\nHost: localhost",
                "//health HTTP/1.1\r\nHost: localhost",
                "/health/%2e%2e/health HTTP/1.1\r\nHost: localhost",
                "/health HTTP/1.1\r\nHost: local,host"
            })
    void aRefusedRequestEndsOnce(String refused) throws Exception {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), connector.getLocalPort())) {
            BufferedReader answers = new BufferedReader(new InputStreamReader(socket.getInputStream(), US_ASCII));
            send(socket, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
            assertEquals("HTTP/1.1 200 OK", answers.readLine());
            readTo("hello", answers);
            await(readsOn);

            send(socket, "POST " + refused + "\r\nContent-Length: 10\r\n\r\n");

            assertEquals("HTTP/1.1 400 Bad Request", answers.readLine());
            await(nextIsRead);
        }
        server.stop(); // waits for its threads
        assertEquals(List.of(), warnings.list());
    }

    private static void send(Socket socket, String request) throws IOException {
        socket.getOutputStream().write(request.getBytes(US_ASCII));
    }

    private static void readTo(String end, BufferedReader answers) throws IOException {
        StringBuilder read = new StringBuilder();
        while (!read.toString().endsWith(end)) {
            read.append((char) answers.read());
        }
    }
}
