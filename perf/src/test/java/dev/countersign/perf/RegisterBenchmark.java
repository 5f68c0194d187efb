package dev.countersign.perf;

import dev.countersign.core.ClientId;
import dev.countersign.core.Code;
import dev.countersign.core.Sync;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
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
 * How long does a registration take until it is on disk, alone and as one of 500 that come at once? Its new id is
 * included, a tenth of a microsecond. The table grows from {@code rowsAtFirst}.
 *
 * <pre>mvn -pl perf jmh:benchmark -Djmh.benchmarks=RegisterBenchmark</pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class RegisterBenchmark {
    private static final int MANY = 500;

    @Param({"0", "10000", "1000000"})
    public int rowsAtFirst;

    private final SplittableRandom random = new SplittableRandom();
    private TemporaryStore store;

    @Setup
    public void open() throws IOException {
        store = TemporaryStore.open(rowsAtFirst, Sync.ALWAYS);
    }

    @TearDown
    public void close() throws IOException {
        store.close();
    }

    @Benchmark
    public Code alone() {
        return register().join().orElseThrow();
    }

    @Benchmark
    @OperationsPerInvocation(MANY)
    public void fiveHundredAtOnce(Blackhole codes) {
        List<CompletableFuture<Optional<Code>>> registrations = new ArrayList<>(MANY);
        for (int i = 0; i < MANY; i++) {
            registrations.add(register());
        }
        registrations.forEach(each -> codes.consume(each.join().orElseThrow()));
    }

    private CompletableFuture<Optional<Code>> register() {
        ClientId id = new ClientId(new UUID(random.nextLong(), random.nextLong()).toString());
        return store.registry().register(id).toCompletableFuture();
    }
}
