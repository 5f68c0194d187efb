package dev.countersign.web.intake;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.Strictness;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import dev.countersign.core.ClientId;
import dev.countersign.core.Code;
import dev.countersign.core.Messages;
import java.io.IOException;
import java.io.StringReader;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
 * two are outside ASCII? And how long would Gson take, which checks as much of a request that is well formed?
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

    @Benchmark
    public Object plainByGson() throws IOException {
        return byGson(next(plain));
    }

    @Benchmark
    public Object mixedByGson() throws IOException {
        return byGson(next(mixed));
    }

    private static NewMessages byGson(byte[] body) throws IOException {
        try (JsonReader json = new JsonReader(new StringReader(new String(body, UTF_8)))) {
            json.setStrictness(Strictness.STRICT);
            Map<String, String> members = new HashMap<>();
            json.beginObject();
            while (json.hasNext()) {
                String name = json.nextName();
                String text = json.nextString();
                if (members.put(name, text) != null || !Messages.isText(text)) {
                    throw new IllegalArgumentException(name);
                }
            }
            json.endObject();
            if (json.peek() != JsonToken.END_DOCUMENT) {
                throw new IllegalArgumentException("something follows");
            }
            ClientId id = ClientId.parse(members.get("id")).orElseThrow();
            return new NewMessages(
                    new Credentials(id, new Code(members.get("code"))), List.of(members.get("message")), false);
        }
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
