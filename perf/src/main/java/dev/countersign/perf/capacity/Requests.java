package dev.countersign.perf.capacity;

import static java.nio.charset.StandardCharsets.US_ASCII;

import java.nio.ByteBuffer;
import java.util.Base64;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The requests of a connection, as bytes written beforehand: only ids, codes and keys are put in anew.
 *
 * <p>Each supplier gives the same buffer again and again, ready to be written, and belongs to one connection.
 */
final class Requests {
    private static final String ID = "\"id\":\"";
    private static final String CODE = "\"code\":\"";
    private static final String KEY = "Idempotency-Key: ";
    private static final String JSON = "Content-Type: application/json\r\n";
    private static final String BASIC = "Authorization: Basic ";
    /** Its length, the protocol's version 3.0, and two parameters. */
    private static final String POSTGRES_SESSION = "\0\0\0\51\0\3\0\0user\0postgres\0database\0postgres\0\0";

    private Requests() {}

    /**
     * Messages, each from any of the clients: as JSON, or as plain text with Basic credentials.
     *
     * @param clients at least one, their ids all of one length, and so their codes
     */
    static Supplier<ByteBuffer> messages(Workload workload, List<Credential> clients, SplittableRandom random) {
        Credential any = clients.get(0);
        Supplier<Credential> next = () -> clients.get(random.nextInt(clients.size()));
        String text = "m".repeat(workload.bodyBytes());
        if (workload.request().equals(Workload.PLAIN_TEXT)) {
            String headers = "Content-Type: text/plain\r\n" + BASIC + basic(any) + "\r\n";
            return requests(
                    "/message",
                    headers,
                    text,
                    workload.keyed(),
                    random,
                    (request, head) -> request.put(head.indexOf(BASIC) + BASIC.length(), ascii(basic(next.get()))));
        }
        String texts = String.join(",", Collections.nCopies(workload.texts(), "\"" + text + "\""));
        String body = "{" + ID + any.id() + "\"," + CODE + any.code() + "\","
                + (workload.texts() == 1 ? "\"message\":" + texts : "\"messages\":[" + texts + "]") + "}";
        return requests("/message", JSON, body, workload.keyed(), random, (request, head) -> {
            Credential client = next.get();
            request.put(head.length() + body.indexOf(ID) + ID.length(), ascii(client.id()));
            request.put(head.length() + body.indexOf(CODE) + CODE.length(), ascii(client.code()));
        });
    }

    private static String basic(Credential client) {
        return Base64.getEncoder().encodeToString(ascii(client.id() + ":" + client.code()));
    }

    /**
     * Registrations, each of an id that was never used before: a random UUID, which is what a client picks. Ids in
     * rising order would spare the server's index its work.
     */
    static Supplier<ByteBuffer> registrations(boolean keyed, SplittableRandom random) {
        String body = "{" + ID + uuid(random) + "\"}";
        return requests(
                "/register",
                JSON,
                body,
                keyed,
                random,
                (request, head) -> request.put(head.length() + body.indexOf(ID) + ID.length(), ascii(uuid(random))));
    }

    /** Messages for one stream of Redis, as many commands in a write as the workload has texts. */
    static Supplier<ByteBuffer> xadds(Workload workload, SplittableRandom random) {
        String command = Stream.of(
                        "XADD", "messages", "*", "id", uuid(random), "message", "m".repeat(workload.bodyBytes()))
                .map(word -> "$" + word.length() + "\r\n" + word + "\r\n")
                .collect(Collectors.joining("", "*7\r\n", ""));
        byte[] commands = ascii(command.repeat(workload.texts()));
        ByteBuffer request = ByteBuffer.allocateDirect(commands.length).put(commands);
        return request::rewind;
    }

    /** Messages for PostgreSQL's table, a transaction each; the first request begins the session. */
    static Supplier<ByteBuffer> inserts(Workload workload, SplittableRandom random) {
        String row = "('" + uuid(random) + "','" + "m".repeat(workload.bodyBytes()) + "')";
        String rows = String.join(",", Collections.nCopies(workload.texts(), row));
        byte[] sql = ascii("INSERT INTO message (id, message) VALUES " + rows + "\0");
        int length = Integer.BYTES + sql.length;
        ByteBuffer insert = ByteBuffer.allocateDirect(1 + length)
                .put((byte) 'Q')
                .putInt(length)
                .put(sql);
        Iterator<ByteBuffer> first =
                List.of(ByteBuffer.wrap(ascii(POSTGRES_SESSION))).iterator();
        return () -> first.hasNext() ? first.next() : insert.rewind();
    }

    private interface Filling {
        /** Puts new values into the request, whose body follows the head. */
        void fill(ByteBuffer request, String head);
    }

    private static Supplier<ByteBuffer> requests(
            String path, String headers, String body, boolean keyed, SplittableRandom random, Filling filling) {
        String head = "POST " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\n" + headers
                + (keyed ? KEY + uuid(random) + "\r\n" : "") + "Content-Length: " + body.length() + "\r\n\r\n";
        byte[] bytes = ascii(head + body);
        ByteBuffer request = ByteBuffer.allocateDirect(bytes.length).put(bytes);
        int keyAt = head.indexOf(KEY) + KEY.length();
        return () -> {
            filling.fill(request, head);
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
