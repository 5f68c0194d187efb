package dev.countersign.perf;

import dev.countersign.core.Appended;
import dev.countersign.core.ClientId;
import dev.countersign.core.Messages;
import dev.countersign.core.Sync;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.infra.Blackhole;

/**
 * How long does a message take until it is in the log, alone and as one of 500 that come at once, flushed to disk
 * ({@code ALWAYS}) and not? The log is empty at the start of each iteration.
 *
 * <pre>mvn -pl perf jmh:benchmark -Djmh.benchmarks=AppendBenchmark</pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class AppendBenchmark {
    private static final int MANY = 500;

    @Param({"16", "1024", "16384"})
    public int textBytes;

    @Param({"ALWAYS", "OS"})
    public Sync sync;

    private TemporaryStore store;
    private List<Messages> messages;
    private int next;

    @Setup
    public void writeMessages() {
        messages = IntStream.range(0, MANY)
                .mapToObj(i -> Messages.of(new ClientId("client-" + i), text(i)))
                .toList();
    }

    @Setup(Level.Iteration)
    public void open() throws IOException {
        store = TemporaryStore.open(0, sync);
    }

    @TearDown(Level.Iteration)
    public void close() throws IOException {
        store.close();
    }

    @Benchmark
    public Appended alone() {
        next = (next + 1) % MANY;
        return append(messages.get(next)).join();
    }

    @Benchmark
    @OperationsPerInvocation(MANY)
    public void fiveHundredAtOnce(Blackhole receipts) {
        List<CompletableFuture<Appended>> appended = new ArrayList<>(MANY);
        for (Messages each : messages) {
            appended.add(append(each));
        }
        appended.forEach(each -> receipts.consume(each.join()));
    }

    private CompletableFuture<Appended> append(Messages message) {
        return store.messageLog().append(message).toCompletableFuture();
    }

    private String text(int seed) {
        return Character.toString('a' + seed % 26).repeat(textBytes);
    }
}
