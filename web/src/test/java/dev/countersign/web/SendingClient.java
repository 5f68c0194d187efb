package dev.countersign.web;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;

/**
 * Sends numbered messages, each after the answer to the one before, takes a new id now and then, and remembers what it
 * was told. For one thread at a time.
 */
final class SendingClient {

    private static final int MESSAGES_AN_ID = 25;

    private final String name;
    private final Map<String, String> codes = new LinkedHashMap<>(); // by id
    private final List<LoggedMessage> acknowledged = Collections.synchronizedList(new ArrayList<>());
    private int ids;
    private int sent;

    /** @param name its ids begin with it */
    SendingClient(String name) {
        this.name = name;
    }

    /**
     * Sends without a pause over kept-alive connections, until told to stop or refused.
     *
     * @return the refusal, or empty where it was told to stop
     * @throws IOException where a connection ended; what it sent last may be in the log or not, and is not sent again
     */
    Optional<Answer> sendUntil(BooleanSupplier done, Service service) throws IOException {
        try (Connection registering = new Connection(service.registerPort());
                Connection sending = new Connection(service.messagePort())) {
            while (!done.getAsBoolean()) {
                String id = name + ids++;
                Answer registered = registering.exchange(Connection.post("/register", Json.registration(id)));
                if (registered.status() != 201) {
                    return Optional.of(registered);
                }
                String code = registered.member("code");
                codes.put(id, code);
                for (int i = 0; i < MESSAGES_AN_ID && !done.getAsBoolean(); i++) {
                    Answer answer = send(sending, id);
                    if (answer.status() != 201) {
                        return Optional.of(answer);
                    }
                }
            }
            return Optional.empty();
        }
    }

    /** Sends one more message of an id that it has registered. */
    Answer send(Connection sending, String id) throws IOException {
        String message = message(++sent);
        Answer answer = sending.exchange(Connection.post("/message", Json.message(id, codes.get(id), message)));
        if (answer.status() == 201) {
            acknowledged.add(new LoggedMessage(answer.member("receipt"), answer.member("time"), id, message));
        }
        return answer;
    }

    /** The code of each id whose registration was acknowledged. */
    Map<String, String> codes() {
        return codes;
    }

    /** What was acknowledged, in the order sent. */
    List<LoggedMessage> acknowledged() {
        return acknowledged;
    }

    /** The same, while it is sending. */
    List<LoggedMessage> snapshot() {
        synchronized (acknowledged) {
            return List.copyOf(acknowledged);
        }
    }

    /** Whether it has sent what stands there, be it acknowledged or not. */
    boolean hasSent(LoggedMessage logged) {
        return codes.containsKey(logged.id())
                && number(logged) <= sent
                && logged.message().equals(message(number(logged)));
    }

    /** The number of a message that a client has sent. */
    static int number(LoggedMessage logged) {
        return Integer.parseInt(logged.message().split(" ", 2)[0]);
    }

    private String message(int number) {
        return number + " from " + name + "\n\u2028\ud83d\ude00";
    }
}
