package dev.countersign.perf.capacity;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.countersign.perf.server.Credential;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * The requests of a connection, as bytes written beforehand: only ids and codes are put in anew.
 *
 * <p>Each supplier gives the same buffer again and again, ready to be written, and belongs to one connection.
 */
final class Requests {

    private Requests() {}

    /**
     * Messages with a text of {@code textBytes} bytes, each from any of the clients.
     *
     * @param clients at least one, their ids all of one length, and so their codes
     */
    static Supplier<ByteBuffer> messages(List<Credential> clients, int textBytes, SplittableRandom random) {
        Credential first = clients.get(0);
        String id = "{\"id\":\"";
        String code = id + first.id() + "\",\"code\":\"";
        String body = code + first.code() + "\",\"message\":\"" + "m".repeat(textBytes) + "\"}";
        ByteBuffer request = post("/message", body);
        int bodyAt = request.limit() - body.length();
        return () -> {
            Credential client = clients.get(random.nextInt(clients.size()));
            request.put(bodyAt + id.length(), client.id().getBytes(US_ASCII));
            request.put(bodyAt + code.length(), client.code().getBytes(US_ASCII));
            return request.rewind();
        };
    }

    /**
     * Registrations, each of an id that was never used before: a random UUID, which is what a client picks. Ids in
     * rising order would spare the server's index its work.
     */
    static Supplier<ByteBuffer> registrations(SplittableRandom random) {
        String id = new UUID(0, 0).toString();
        ByteBuffer request = post("/register", "{\"id\":\"" + id + "\"}");
        int idAt = request.limit() - id.length() - "\"}".length();
        return () -> {
            request.put(
                    idAt,
                    new UUID(random.nextLong(), random.nextLong()).toString().getBytes(US_ASCII));
            return request.rewind();
        };
    }

    private static ByteBuffer post(String path, String body) {
        byte[] request = """
                POST %s HTTP/1.1\r
                Host: 127.0.0.1\r
                Content-Type: application/json\r
                Content-Length: %s\r
                \r
                %s""".formatted(path, body.length(), body).getBytes(UTF_8);
        return ByteBuffer.allocateDirect(request.length).put(request).flip();
    }
}
