package dev.countersign.web;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.countersign.web.OracleRequest.Extent;
import java.io.EOFException;
import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.function.Predicate;

/** A client that sends anything, over one connection to each port, and holds each answer to the contract. For one thread. */
final class Fuzzer {

    private final Map<String, Integer> ports;
    private final Map<String, Connection> connections = new HashMap<>();
    private final Map<Integer, Integer> answers = new TreeMap<>();
    private final Random random;
    final Oracle oracle;

    /** @param acknowledged is filled: what the log must have, by receipt */
    Fuzzer(RunningServer server, Random random, Map<String, LoggedMessage> acknowledged) {
        Stacks.watch();
        ports = Map.of("register", server.registerPort(), "message", server.messagePort());
        oracle = new Oracle(acknowledged);
        this.random = random;
    }

    /**
     * Sends so many requests, or some more.
     *
     * @param isOurs ids that nobody else registers
     * @return the number of answers by status; 0 stands for none to line ends
     */
    Map<Integer, Integer> run(int requests, Predicate<String> isOurs) {
        FuzzGenerator generator = new FuzzGenerator(random, oracle);
        while (answers.values().stream().mapToInt(count -> count).sum() < requests) {
            String port = random.nextInt(10) < 3 ? "register" : "message";
            String stream = generator.stream(port);
            List<OracleRequest> read = OracleRequest.read(port, stream);
            if (read.stream()
                    .filter(OracleRequest::isRegistration)
                    .allMatch(each -> each.id.filter(isOurs).equals(each.id))) {
                exchange(port, stream, read);
            }
        }
        return answers;
    }

    /** @throws AssertionError that has the bytes as a line of the corpus */
    void exchange(String port, String stream, List<OracleRequest> requests) {
        String allowed = "";
        try {
            Connection connection =
                    connections.containsKey(port) ? connections.remove(port) : new Connection(ports.get(port));
            send(connection, stream.getBytes(ISO_8859_1));
            boolean isOpen = true;
            for (int i = 0; isOpen && i < requests.size(); i++) {
                oracle.judge(requests.get(i));
                allowed = "request " + i + ": " + requests.get(i).faults + " or " + requests.get(i).doubts;
                isOpen = isAnswered(requests.get(i), connection);
            }
            if (isOpen) {
                connections.put(port, connection);
            } else {
                connection.close();
            }
        } catch (IOException | RuntimeException | AssertionError e) {
            String stacks = e instanceof SocketTimeoutException ? "\n" + Stacks.ofAllThreads() : "";
            throw new AssertionError(
                    e.getMessage() + "\nallowed to " + allowed + "\n" + port + " " + escaped(stream) + stacks, e);
        }
    }

    private static String escaped(String bytes) {
        StringBuilder escaped = new StringBuilder();
        bytes.replace("\\", "\\\\")
                .replace("\r", "\\r")
                .replace("\n", "\\n")
                .chars()
                .forEach(c -> escaped.append(c >= ' ' && c < 0x7f ? "" + (char) c : String.format("\\%03o", c)));
        return escaped.toString();
    }

    private void send(Connection connection, byte[] stream) {
        try {
            int from = 0;
            for (int cuts = random.nextInt(10) < 7 ? 0 : random.nextInt(4); cuts > 0; cuts--) {
                int to = from + random.nextInt(stream.length - from + 1);
                connection.send(stream, from, to);
                from = to;
            }
            connection.send(stream, from, stream.length);
        } catch (IOException e) {
            // closed by the server behind its answer, which is read next
        }
    }

    /** Whether the connection goes on. */
    private boolean isAnswered(OracleRequest request, Connection connection) throws IOException {
        if (request.extent != Extent.WHOLE && request.extent != Extent.BROKEN_HEAD) {
            endOfSending(connection);
        }
        Optional<Answer> answer = receive(request, connection);
        answers.merge(answer.map(Answer::status).orElse(0), 1, Integer::sum);
        if (answer.isEmpty()) {
            assertEquals(Extent.NOTHING, request.extent, "closed without an answer");
            return false;
        }
        assertNotEquals(Extent.NOTHING, request.extent, "an answer to nothing");
        oracle.check(request, answer.get());
        boolean closes = answer.get()
                .header("Connection")
                .filter("close"::equalsIgnoreCase)
                .isPresent();
        assertFalse(
                closes
                        && !request.mayClose()
                        && request.doubts.isEmpty()
                        && answer.get().status() < 400,
                "closes after a success");
        if (closes || request.closes) {
            assertEquals("", rest(connection), "more than an answer");
            return false;
        }
        return true;
    }

    private static void endOfSending(Connection connection) {
        try {
            connection.endOfSending();
        } catch (IOException e) {
            // closed by the server
        }
    }

    private static Optional<Answer> receive(OracleRequest request, Connection connection) throws IOException {
        try {
            Answer answer;
            do {
                answer = request.method.equals("HEAD") ? connection.receiveWithoutBody() : connection.receive();
            } while (answer.status() == 100);
            return Optional.of(answer);
        } catch (EOFException | SocketException e) {
            return Optional.empty();
        }
    }

    private static String rest(Connection connection) throws IOException {
        try {
            return connection.receiveToTheEnd();
        } catch (SocketTimeoutException e) {
            throw new AssertionError("not closed", e);
        }
    }
}
