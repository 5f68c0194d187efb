package dev.countersign.perf.capacity;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import java.util.Collections;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Supplier;

/**
 * The requests of a connection, as bytes written beforehand: only ids, codes and keys are put in anew.
 *
 * <p>Each supplier gives the same buffer again and again, ready to be written, and belongs to one connection.
 */
final class Requests {
    private static final String ID = "\"id\":\"";
    private static final String CODE = "\"code\":\"";
    private static final String KEY = "Idempotency-Key: ";

    private Requests() {}

    /**
     * Messages, each from any of the clients.
     *
     * @param clients at least one, their ids all of one length, and so their codes
     */
    static Supplier<ByteBuffer> messages(Workload workload, List<Credential> clients, SplittableRandom random) {
        String text = "\"" + "m".repeat(workload.bodyBytes()) + "\"";
        String texts = workload.texts() == 1
                ? "\"message\":" + text
                : "\"messages\":[" + String.join(",", Collections.nCopies(workload.texts(), text)) + "]";
        Credential any = clients.get(0);
        String body = "{" + ID + any.id() + "\"," + CODE + any.code() + "\"," + texts + "}";
        return requests("/message", body, workload.keyed(), random, (request, from) -> {
            Credential client = clients.get(random.nextInt(clients.size()));
            request.put(from + body.indexOf(ID) + ID.length(), ascii(client.id()));
            request.put(from + body.indexOf(CODE) + CODE.length(), ascii(client.code()));
        });
    }

    /**
     * Registrations, each of an id that was never used before: a random UUID, which is what a client picks. Ids in
     * rising order would spare the server's index its work.
     */
    static Supplier<ByteBuffer> registrations(boolean keyed, SplittableRandom random) {
        String body = "{" + ID + uuid(random) + "\"}";
        return requests(
                "/register",
                body,
                keyed,
                random,
                (request, from) -> request.put(from + body.indexOf(ID) + ID.length(), ascii(uuid(random))));
    }

    private interface Filling {
        /** Puts new values into the body, which begins at {@code from}. */
        void fill(ByteBuffer request, int from);
    }

    private static Supplier<ByteBuffer> requests(
            String path, String body, boolean keyed, SplittableRandom random, Filling filling) {
        String head = "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
                + (keyed ? KEY + uuid(random) + "\r\n" : "") + "Content-Length: " + body.length() + "\r\n\r\n";
        byte[] bytes = ascii(head + body);
        ByteBuffer request = ByteBuffer.allocateDirect(bytes.length).put(bytes);
        int keyAt = head.indexOf(KEY) + KEY.length();
        return () -> {
            filling.fill(request, head.length());
            if (keyed) {
                request.put(keyAt, ascii(uuid(random)));
            }
            return request.rewind();
        };
    }

    private static String uuid(SplittableRandom random) {
        return new UUID(random.nextLong(), random.nextLong()).toString();
    }

    private static byte[] ascii(String text) {
        return text.getBytes(US_ASCII);
    }
}
