package dev.countersign.perf;

import dev.countersign.core.Code;
import dev.countersign.core.CodeGenerator;
import java.security.SecureRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;

/**
 * How long does it take to make a code, alone and while another thread makes some, too?
 *
 * <pre>mvn -pl perf jmh:benchmark -Djmh.benchmarks=CodeGeneratorBenchmark</pre>
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class CodeGeneratorBenchmark {
    private final CodeGenerator codes = new CodeGenerator(new SecureRandom());

    @Benchmark
    public Code alone() {
        return codes.next();
    }

    @Benchmark
    @Threads(2)
    public Code twoThreads() {
        return codes.next();
    }
}
