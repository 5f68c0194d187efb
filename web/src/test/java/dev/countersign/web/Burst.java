package dev.countersign.web;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/** Requests at once: each on a connection of its own, all of them there but for their last byte before any is whole. */
final class Burst {

    private Burst() {}

    /** @return the answers, in the order of the requests */
    static List<Answer> exchange(int port, List<byte[]> requests) throws IOException {
        List<Connection> connections = new ArrayList<>();
        try {
            for (byte[] request : requests) {
                Connection connection = new Connection(port);
                connections.add(connection);
                connection.send(request, 0, request.length - 1);
            }
            for (int i = 0; i < requests.size(); i++) {
                byte[] request = requests.get(i);
                connections.get(i).send(request[request.length - 1]);
            }
            List<Answer> answers = new ArrayList<>();
            for (Connection connection : connections) {
                answers.add(connection.receive());
            }
            return answers;
        } finally {
            for (Connection connection : connections) {
                connection.close();
            }
        }
    }
}
