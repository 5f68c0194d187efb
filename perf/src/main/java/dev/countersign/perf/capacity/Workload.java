package dev.countersign.perf.capacity;

import com.google.gson.Gson;
import dev.countersign.perf.server.ServerProcess;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * What the connections to a server send.
 *
 * @param request {@value #MESSAGE}, {@value #PLAIN_TEXT} or {@value #REGISTER}; of other servers {@value #XADD} (Redis)
 *     or {@value #INSERT} (PostgreSQL)
 * @param bodyBytes bytes of a message's text, 0 for a registration
 * @param texts of a request
 * @param keyed whether each request carries an {@code Idempotency-Key} of its own
 * @param busy connections that send, one request at a time on each
 * @param idle connections that stay open beside them
 * @param senders clients that are registered; each message is from any of them. Where there is none, each connection
 *     gets a client of its own
 */
record Workload(String request, int bodyBytes, int texts, boolean keyed, int busy, int idle, List<Credential> senders) {
    static final String MESSAGE = "message";
    static final String PLAIN_TEXT = "plain-text";
    static final String REGISTER = "register";
    static final String XADD = "XADD";
    static final String INSERT = "INSERT";
    private static final int AT_ONCE = 50;

    static Workload messages(int bodyBytes, int connections) {
        return new Workload(MESSAGE, bodyBytes, 1, false, connections, 0, List.of());
    }

    static Workload registrations(int connections) {
        return new Workload(REGISTER, 0, 1, false, connections, 0, List.of());
    }

    /** Messages of 64 bytes for another server. */
    static Workload other(String request) {
        return new Workload(request, 64, 1, false, 1, 0, List.of());
    }

    Workload over(int connections) {
        return new Workload(request, bodyBytes, texts, keyed, connections, idle, senders);
    }

    Workload besideIdle(int connections) {
        return new Workload(request, bodyBytes, texts, keyed, busy, connections, senders);
    }

    Workload sentByAnyOf(List<Credential> clients) {
        return new Workload(request, bodyBytes, texts, keyed, busy, idle, clients);
    }

    Workload carrying(int textsEach, boolean keys) {
        return new Workload(request, bodyBytes, textsEach, keys, busy, idle, senders);
    }

    /** The texts as plain text with Basic credentials, one in each request. */
    Workload asPlainText() {
        return new Workload(PLAIN_TEXT, bodyBytes, 1, keyed, busy, idle, senders);
    }

    /**
     * Opens the connections, those that are to be busy first.
     *
     * @throws IOException if the server can't be reached, or refuses a registration or a session
     */
    LoadGenerator connect(ServerProcess server) throws IOException {
        InetSocketAddress port = request.equals(REGISTER) ? server.registerPort() : server.messagePort();
        Supplier<Answer> answers = switch (request) {
            case XADD -> () -> PeerAnswer.redis(texts);
            case INSERT -> PeerAnswer::postgres;
            default -> HttpAnswer::new;
        };
        LoadGenerator load = LoadGenerator.connect(port, server.isTls(), requests(server), answers);
        if (request.equals(INSERT) && load.once(AT_ONCE).errors() > 0) { // the first request of each begins its session
            load.close();
            throw new IOException("PostgreSQL refused a session");
        }
        return load;
    }

    /** For each connection. */
    private List<Supplier<ByteBuffer>> requests(ServerProcess server) throws IOException {
        SplittableRandom random = new SplittableRandom(System.nanoTime());
        int connections = busy + idle;
        boolean isFromOwn = senders.isEmpty() && List.of(MESSAGE, PLAIN_TEXT).contains(request);
        Iterator<Credential> own = isFromOwn ? register(server, connections).iterator() : Collections.emptyIterator();
        Supplier<Supplier<ByteBuffer>> next = switch (request) {
            case REGISTER -> () -> Requests.registrations(keyed, random.split());
            case XADD -> () -> Requests.xadds(this, random);
            case INSERT -> () -> Requests.inserts(this, random);
            default -> () -> Requests.messages(this, isFromOwn ? List.of(own.next()) : senders, random.split());
        };
        return Stream.generate(next).limit(connections).toList();
    }

    /**
     * Registers clients under random ids, at least {@code count} of them.
     *
     * @throws IOException if the server can't be reached, or refuses a registration
     */
    static List<Credential> register(ServerProcess server, int count) throws IOException {
        Gson gson = new Gson();
        List<Credential> registered = new ArrayList<>();
        try (LoadGenerator load = registrations(AT_ONCE).connect(server)) {
            while (registered.size() < count) {
                if (load.once(AT_ONCE).errors() > 0) {
                    throw new IOException("a registration was not answered with 201");
                }
                load.bodies().forEach(answer -> registered.add(gson.fromJson(answer, Credential.class)));
            }
        }
        return registered;
    }

    @Override
    public String toString() {
        return (texts == 1 ? "" : "requests of " + texts + " ")
                + switch (request) {
                    case REGISTER -> "registrations over ";
                    case PLAIN_TEXT -> "messages in plain text of " + bodyBytes + " B over ";
                    default -> "messages of " + bodyBytes + " B over ";
                }
                + (busy == 1 ? "1 connection" : busy + " connections")
                + (idle == 0 ? "" : " beside " + idle + " idle ones")
                + (senders.isEmpty() ? "" : ", each from any of " + senders.size() + " clients")
                + (keyed ? ", each with a key" : "");
    }
}
