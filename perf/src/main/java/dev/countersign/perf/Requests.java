package dev.countersign.perf;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.google.gson.Gson;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Supplier;

/**
 * The requests of a connection, as bytes written beforehand: sending one costs the load generator no text.
 *
 * <p>Each supplier gives the same buffer again and again, ready to be written, and belongs to one connection.
 */
final class Requests {
    private static final int ID_LENGTH = 36;
    private static final byte[] HEX = "0123456789abcdef".getBytes(UTF_8);

    private Requests() {}

    /** An id and the code that the server gave it, as {@code POST /register} answers them. */
    record Credential(String id, String code) {}

    /** Messages of one client, all alike, with a text of {@code textBytes} bytes. */
    static Supplier<ByteBuffer> messages(Credential credential, int textBytes) {
        String body = new Gson()
                .toJson(Map.of("id", credential.id(), "code", credential.code(), "message", "m".repeat(textBytes)));
        ByteBuffer request = post("/message", body);
        return request::rewind;
    }

    /**
     * Registrations, each of an id that was never used before: random, and of a UUID's form, which is what the client
     * picks. Ids in rising order would spare the server's index its work.
     */
    static Supplier<ByteBuffer> registrations(SplittableRandom random) {
        ByteBuffer request = post("/register", new Gson().toJson(Map.of("id", "-".repeat(ID_LENGTH))));
        int idAt = request.limit() - ID_LENGTH - "\"}".length();
        return () -> {
            putId(request, idAt, random);
            return request.rewind();
        };
    }

    private static void putId(ByteBuffer request, int at, SplittableRandom random) {
        long bits = 0;
        for (int i = 0, digits = 0; i < ID_LENGTH; i++) {
            if (i == 8 || i == 13 || i == 18 || i == 23) {
                continue;
            }
            if (digits++ % 16 == 0) {
                bits = random.nextLong();
            }
            request.put(at + i, HEX[(int) (bits & 15)]);
            bits >>>= 4;
        }
    }

    private static ByteBuffer post(String path, String body) {
        byte[] request = """
                POST %s HTTP/1.1\r
                Host: 127.0.0.1\r
                Content-Type: application/json\r
                Content-Length: %d\r
                \r
                %s""".formatted(path, body.getBytes(UTF_8).length, body).getBytes(UTF_8);
        return ByteBuffer.allocateDirect(request.length).put(request).flip();
    }
}
