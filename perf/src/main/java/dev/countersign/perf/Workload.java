package dev.countersign.perf;

import com.google.gson.Gson;
import dev.countersign.perf.Requests.Credential;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * What the connections to a server send.
 *
 * @param request {@value #MESSAGE} or {@value #REGISTER}
 * @param bodyBytes bytes of a message's text, 0 for a registration
 * @param connections how many are open and busy, one request at a time on each
 */
record Workload(String request, int bodyBytes, int connections) {
    static final String MESSAGE = "message";
    static final String REGISTER = "register";
    private static final int REGISTERING_AT_ONCE = 50;

    static Workload messages(int bodyBytes, int connections) {
        return new Workload(MESSAGE, bodyBytes, connections);
    }

    static Workload registrations(int connections) {
        return new Workload(REGISTER, 0, connections);
    }

    Workload over(int otherConnections) {
        return new Workload(request, bodyBytes, otherConnections);
    }

    /**
     * Opens the connections. For messages, each gets a client of its own first, registered here.
     *
     * @throws IOException if the server can't be reached, or refuses a registration
     */
    LoadGenerator connect(ServerJvm server) throws IOException {
        if (request.equals(REGISTER)) {
            return LoadGenerator.connect(server.registerPort(), registering());
        }
        List<Supplier<ByteBuffer>> messages = register(server).stream()
                .map(client -> Requests.messages(client, bodyBytes))
                .toList();
        return LoadGenerator.connect(server.messagePort(), messages);
    }

    private List<Credential> register(ServerJvm server) throws IOException {
        try (LoadGenerator clients = LoadGenerator.connect(server.registerPort(), registering())) {
            Gson gson = new Gson();
            return clients.once(REGISTERING_AT_ONCE).stream()
                    .map(answer -> gson.fromJson(answer, Credential.class))
                    .toList();
        }
    }

    private List<Supplier<ByteBuffer>> registering() {
        SplittableRandom random = new SplittableRandom(System.nanoTime());
        return Stream.generate(() -> Requests.registrations(random.split()))
                .limit(connections)
                .toList();
    }

    @Override
    public String toString() {
        return request + (request.equals(MESSAGE) ? " of " + bodyBytes + " B" : "") + " over " + connections
                + (connections == 1 ? " connection" : " connections");
    }
}
