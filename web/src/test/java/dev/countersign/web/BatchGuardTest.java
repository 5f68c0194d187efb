package dev.countersign.web;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static org.junit.jupiter.api.Assertions.assertEquals;

import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.eclipse.jetty.server.internal.HttpConnection;
import org.junit.jupiter.api.Test;

/** A thread that answers a batch, here of one, and what a client sends right behind the request that it answers. */
final class BatchGuardTest {

    private static final String ANSWERING = "answering";
    private static final byte[] BATCH = Connection.post("/batch", "");

    private final JettyThreads threads = new JettyThreads();
    private final List<String> servedBy = new CopyOnWriteArrayList<>();

    @Test
    void ofAClientThatSendsOnAndOnItTakesOneRequest() throws IOException {
        byte[] next = Connection.post("/next", "{}");

        sendBehindABatch(next, next, next, next, next);

        assertEquals(5, servedBy.size());
        assertEquals(1, servedBy.stream().filter(ANSWERING::equals).count(), servedBy::toString);
    }

    @Test
    void aBodyThatMayHaveToBeWaitedForIsLeftToThePool() throws IOException {
        byte[] chunked = "2\r\n{}\r\n0\r\n\r\n".getBytes(US_ASCII);
        sendBehindABatch(Connection.request("POST /next", "Transfer-Encoding: chunked", chunked));
        sendBehindABatch(Connection.post("/next", " ".repeat(Limits.defaults().maxBodyBytes() + 1)));

        assertEquals(2, servedBy.size());
        assertEquals(0, servedBy.stream().filter(ANSWERING::equals).count(), servedBy::toString);
    }

    private void sendBehindABatch(byte[]... requests) throws IOException {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        all.writeBytes(BATCH);
        for (byte[] request : requests) {
            all.writeBytes(request);
        }
        Map<String, HttpServlet> servlets = Map.of("/batch", new Batch(), "/next", new Next());
        try (HttpServer server = new HttpServer(threads, HttpSettings.local(), Map.of(), servlets)) {
            server.start();
            try (Connection connection = new Connection(server.messagePort())) {
                connection.send(all.toByteArray());
                for (int answers = 0; answers <= requests.length; answers++) {
                    assertEquals(200, connection.receive().status());
                }
            }
        }
    }

    private final class Batch extends HttpServlet {

        private static final long serialVersionUID = 1;

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) {
            AsyncContext async = request.startAsync();
            Thread serving = Thread.currentThread();
            new Thread(() -> answerAfter(serving, async), ANSWERING).start();
        }

        /** Before Jetty has left the exchange it would be completed by the thread that began it. */
        private void answerAfter(Thread serving, AsyncContext async) {
            while (Arrays.stream(serving.getStackTrace())
                    .anyMatch(frame -> frame.getClassName().equals(HttpConnection.class.getName()))) {
                Thread.onSpinWait();
            }
            threads.complete(async::complete);
        }
    }

    private final class Next extends HttpServlet {

        private static final long serialVersionUID = 1;

        @Override
        protected void service(HttpServletRequest request, HttpServletResponse response) {
            servedBy.add(Thread.currentThread().getName());
        }
    }
}
