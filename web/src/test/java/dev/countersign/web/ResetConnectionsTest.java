package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.countersign.web.http.HealthServlet;
import dev.countersign.web.http.HttpServer;
import dev.countersign.web.http.Limits;
import dev.countersign.web.http.Listener;
import dev.countersign.web.http.ServerThreads;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.RequestLog;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.component.AbstractLifeCycle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Clients whose connections end before the server accepts them. */
final class ResetConnectionsTest {

    private static final byte[] HEALTH = Connection.request("GET /health");

    private final AtomicInteger served = new AtomicInteger();
    private final HttpServer server = new HttpServer(
            new ServerThreads(),
            Limits.defaults(),
            List.of(new Listener(
                    "any",
                    "127.0.0.1",
                    0,
                    Optional.empty(),
                    Map.of(HealthServlet.PATH, new HealthServlet(() -> true)),
                    false)));

    private interface Clients {
        void connect() throws IOException;
    }

    /** Is started when the port is open, and before anything is accepted. */
    private final class CountingLog extends AbstractLifeCycle implements RequestLog {

        private final Clients early;

        CountingLog(Clients early) {
            this.early = early;
        }

        @Override
        protected void doStart() throws IOException {
            early.connect();
        }

        @Override
        public void log(Request request, Response response) {
            served.incrementAndGet();
        }
    }

    @AfterEach
    void close() {
        server.close();
    }

    private void reset() throws IOException {
        try (Socket client = new Socket(InetAddress.getLoopbackAddress(), server.port("any"))) {
            client.setSoLinger(true, 0);
            client.getOutputStream().write(HEALTH);
        }
    }

    @Test
    void whoResetsItsConnectionBeforeItIsAcceptedIsNotServed() throws IOException {
        server.logTo(new CountingLog(() -> {
            for (int i = 0; i < 20; i++) {
                reset();
            }
        }));
        server.start();
        try (Connection good = new Connection(server.port("any"))) {
            assertEquals(200, good.exchange(HEALTH).status());
        }
        server.close(); // ends all requests

        assertEquals(1, served.get());
    }

    @Test
    void whoHasOnlyEndedItsSendingIsServed() throws IOException {
        Connection[] early = new Connection[1];
        server.logTo(new CountingLog(() -> {
            early[0] = new Connection(server.port("any"));
            early[0].send(HEALTH);
            early[0].endOfSending();
        }));
        server.start();
        try (Connection client = early[0]) {
            assertEquals(200, client.receive().status());
        }
    }
}
