package dev.countersign.perf;

import dev.countersign.core.ClientId;
import dev.countersign.core.Code;
import dev.countersign.core.Sync;
import dev.countersign.perf.server.Credential;
import java.io.IOException;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
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

/**
 * How long does it take to tell whether a code is a client's? Of a thousand clients all are in the cache, of a million
 * one in twenty; an id that nobody registered is looked up in the table each time.
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

    private final SplittableRandom random = new SplittableRandom(1);
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
    public boolean rightCode() {
        int client = random.nextInt(clients);
        return store.registry().accepts(ids.get(client), codes.get(client));
    }

    @Benchmark
    public boolean wrongCode() {
        int client = random.nextInt(clients);
        return store.registry().accepts(ids.get(client), codes.get((client + 1) % clients));
    }

    @Benchmark
    public boolean unknownId() {
        return store.registry().accepts(strangers.get(random.nextInt(STRANGERS)), codes.get(random.nextInt(clients)));
    }
}
