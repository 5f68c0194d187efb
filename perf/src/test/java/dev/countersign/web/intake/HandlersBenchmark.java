package dev.countersign.web.intake;

import dev.countersign.core.ClientId;
import dev.countersign.core.Code;
import dev.countersign.core.Sync;
import dev.countersign.perf.TemporaryStore;
import dev.countersign.web.http.Limits;
import dev.countersign.web.http.ServerThreads;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.LocalConnector;
import org.eclipse.jetty.server.LocalConnector.LocalEndPoint;
import org.eclipse.jetty.server.Server;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * How long does a message of 64 bytes take through Jetty's handlers, the servlet and the log, without a socket and
 * without a flush to disk? One at a time, over one connection of Jetty's {@link LocalConnector}.
 *
 * <pre>mvn -pl perf jmh:benchmark -Djmh.benchmarks=HandlersBenchmark</pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class HandlersBenchmark {
    private static final int CLIENTS = 512;

    private final List<ByteBuffer> requests = new ArrayList<>();
    private TemporaryStore store;
    private Server server;
    private LocalEndPoint connection;
    private int next;

    @Setup
    public void start() throws Exception {
        store = TemporaryStore.open(0, Sync.OS);
        ServerThreads threads = new ServerThreads();
        threads.limitTo(1);
        server = new Server(threads);
        LocalConnector connector = new LocalConnector(server);
        server.addConnector(connector);
        ServletContextHandler context = new ServletContextHandler("/");
        context.addServlet(
                new ServletHolder(new MessageServlet(
                        new Intake(Limits.defaults(), QuotaSettings.none(), threads),
                        store.registry(),
                        store.messageLog())),
                "/message");
        server.setHandler(context);
        server.start();
        connection = connector.connect();
        for (int i = 0; i < CLIENTS; i++) {
            requests.add(message(new ClientId("client-" + i)));
        }
    }

    @TearDown
    public void stop() throws Exception {
        connection.close();
        server.stop();
        store.close();
    }

    @Benchmark
    public String message() throws Exception {
        next = (next + 1) % CLIENTS;
        connection.addInput(requests.get(next).duplicate());
        String answer = connection.getResponse();
        if (!answer.startsWith("HTTP/1.1 201 ")) {
            throw new IllegalStateException(answer);
        }
        return answer;
    }

    private ByteBuffer message(ClientId id) {
        Code code = store.registry().register(id).toCompletableFuture().join().orElseThrow();
        String body = "{\"id\":\"%s\",\"code\":\"%s\",\"message\":\"%s\"}"
                .formatted(id.value(), code.value(), "m".repeat(64));
        return StandardCharsets.UTF_8.encode(
                "POST /message HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: "
                        + body.length() + "\r\n\r\n" + body);
    }
}
