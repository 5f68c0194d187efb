package dev.countersign.perf;

import dev.countersign.core.ClientId;
import dev.countersign.core.Code;
import dev.countersign.core.Sync;
import dev.countersign.perf.capacity.Credential;
import java.io.IOException;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Threads;

/**
 * How long does it take to tell whether a code is a client's? Of a thousand clients all are in the cache, of a million
 * those that an eighth of the heap holds, at 90 bytes each; an id that nobody registered is looked up in the table each
 * time. With two threads it is the time of each of them.
 *
 * <pre>mvn -pl perf jmh:benchmark -Djmh.benchmarks=AcceptsBenchmark</pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class AcceptsBenchmark {
    private static final int STRANGERS = 10_000;

    @Param({"1000", "1000000"})
    public int clients;

    private TemporaryStore store;
    private List<ClientId> ids;
    private List<Code> codes;
    private List<ClientId> strangers;

    @Setup
    public void register() throws IOException {
        store = TemporaryStore.open(clients, Sync.ALWAYS);
        ids = store.registered().stream().map(Credential::id).map(ClientId::new).toList();
        codes = store.registered().stream().map(Credential::code).map(Code::new).toList();
        strangers = Stream.generate(() -> new ClientId(UUID.randomUUID().toString()))
                .limit(STRANGERS)
                .toList();
    }

    @TearDown
    public void close() throws IOException {
        store.close();
    }

    @Benchmark
    public boolean rightCode(Choice choice) {
        int client = choice.random.nextInt(clients);
        return accepts(ids.get(client), codes.get(client));
    }

    @Benchmark
    @Threads(2)
    public boolean rightCodeByTwoThreads(Choice choice) {
        return rightCode(choice);
    }

    @Benchmark
    public boolean wrongCode(Choice choice) {
        int client = choice.random.nextInt(clients);
        return accepts(ids.get(client), codes.get((client + 1) % clients));
    }

    @Benchmark
    public boolean unknownId(Choice choice) {
        return accepts(strangers.get(choice.random.nextInt(STRANGERS)), codes.get(choice.random.nextInt(clients)));
    }

    private boolean accepts(ClientId id, Code code) {
        return store.registry().accepts(id, code).toCompletableFuture().join();
    }

    /** Each thread's own, as one that is shared would be what is measured. */
    @State(Scope.Thread)
    public static class Choice {
        private static final AtomicInteger SEEDS = new AtomicInteger();
        final SplittableRandom random = new SplittableRandom(SEEDS.incrementAndGet());
    }
}
