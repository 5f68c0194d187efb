package dev.countersign.perf.capacity;

import com.google.gson.Gson;
import dev.countersign.perf.run.Interruption;
import dev.countersign.perf.server.JavaCommand;
import dev.countersign.perf.server.ServerProcess;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * How long does a client that is alone wait for the answer to a message of 64 bytes, over a connection that stays open,
 * from the server and from an empty servlet, each in a JVM of its own?
 *
 * <pre>mvn -pl perf jmh:benchmark -Djmh.benchmarks=RoundTripBenchmark</pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class RoundTripBenchmark {

    /** Who answers; {@code /register} too, in the same form. */
    public enum Answering {
        EMPTY_SERVLET(EmptyServlet.class),
        SERVER(dev.countersign.web.Main.class);

        private final Class<?> main;

        Answering(Class<?> main) {
            this.main = main;
        }
    }

    @Param
    public Answering answering;

    private final HttpAnswer answer = new HttpAnswer();
    private final SplittableRandom random = new SplittableRandom();
    private Servers servers;
    private Interruption interruption;
    private SocketChannel connection;
    private Supplier<ByteBuffer> messages;

    @Setup
    public void connect() throws IOException {
        servers = new Servers(Path.of("target/round-trip"));
        interruption = Interruption.prepare(Path.of("target/round-trip"));
        ServerProcess server = servers.start(JavaCommand.of(answering.main));
        messages = Requests.messages(Workload.messages(64, 1), List.of(register(server.registerPort())), random);
        connection = SocketChannel.open(server.messagePort());
    }

    @TearDown
    public void close() throws IOException {
        connection.close();
        servers.close();
        interruption.cancel();
    }

    @Benchmark
    public String message() throws IOException {
        exchange(connection, messages);
        return answer.body();
    }

    private Credential register(InetSocketAddress port) throws IOException {
        try (SocketChannel once = SocketChannel.open(port)) {
            exchange(once, Requests.registrations(false, random));
            return new Gson().fromJson(answer.body(), Credential.class);
        }
    }

    private void exchange(SocketChannel channel, Supplier<ByteBuffer> requests) throws IOException {
        channel.write(requests.get());
        while (!answer.read(channel)) {
            // the rest of the answer is on its way
        }
        if (!answer.isCreated()) {
            throw new IOException("not answered with 201, but with " + answer.body());
        }
    }
}
