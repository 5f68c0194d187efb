package dev.countersign.web;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * How long does it take to read a message's JSON: plain ASCII, and text of which one character in eight is escaped and
 * two are outside ASCII?
 *
 * <pre>mvn -pl perf jmh:benchmark -Djmh.benchmarks=RequestBodyBenchmark</pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class RequestBodyBenchmark {
    private static final int BODIES = 512;

    @Param({"64", "4096"})
    public int textBytes;

    private List<byte[]> plain;
    private List<byte[]> mixed;
    private int next;

    @Setup
    public void writeBodies() {
        plain = bodies("abcdefgh");
        mixed = bodies("abc\\n\u00e9\u4f60xy");
    }

    @Benchmark
    public Object plain() {
        return RequestBody.messages(next(plain), Optional.empty());
    }

    @Benchmark
    public Object mixed() {
        return RequestBody.messages(next(mixed), Optional.empty());
    }

    private byte[] next(List<byte[]> bodies) {
        next = (next + 1) % BODIES;
        return bodies.get(next);
    }

    private List<byte[]> bodies(String pattern) {
        String text = pattern.repeat(textBytes / pattern.getBytes(UTF_8).length);
        return IntStream.range(0, BODIES)
                .mapToObj(i -> "{\"id\":\"%s\",\"code\":\"AAAAAAAAAAAAAAAAAAAAAAAA\",\"message\":\"%s\"}"
                        .formatted(new UUID(i, i), text)
                        .getBytes(UTF_8))
                .toList();
    }
}
