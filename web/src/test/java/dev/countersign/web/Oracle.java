package dev.countersign.web;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import tools.jackson.databind.JsonNode;

/**
 * Holds answers to the contract: knows who is registered, with which codes and keys, from the answers before. For one thread,
 * whose ids nobody else registers.
 */
public final class Oracle {

    private static final String ID_TAKEN = "409 id-taken";
    private static final String KEY_REUSED = "422 key-reused";
    private static final int KEYS_REMEMBERED = 8;

    private final Set<String> refusals = new HashSet<>();
    private final Map<String, LoggedMessage> acknowledged;
    private final Map<String, Client> clients = new HashMap<>();
    private final List<Client> inOrder = new ArrayList<>();

    /** @param acknowledged filled: what the log must have, by receipt */
    public Oracle(Map<String, LoggedMessage> acknowledged) {
        this.acknowledged = acknowledged;
    }

    /** A registered id. */
    static final class Client {

        final String id;
        Optional<String> code = Optional.empty();
        /** Of a rotation, not used yet: ends the other one when it is. */
        Optional<String> next = Optional.empty();

        /** The next one was in a request that was refused: the other may have ended or not. */
        private boolean isDoubtful;

        private boolean hasRotated;
        private Optional<String> registrationKey = Optional.empty();
        private final Map<String, Keyed> keyed = new HashMap<>();
        private int keyedRequests;

        private Client(String id) {
            this.id = id;
        }

        private boolean accepts(Optional<String> given) {
            return given.isPresent() && (given.equals(code) || given.equals(next));
        }

        private void use(Optional<String> given) {
            code = given;
            next = next.filter(other -> !given.equals(Optional.of(other)));
            isDoubtful = false;
        }
    }

    /** A request with a key, the client's n-th. */
    private record Keyed(boolean isList, List<String> texts, String answer, int number) {

        private boolean isRepeatedBy(OracleRequest request) {
            return isList == request.isList && texts.equals(request.texts);
        }
    }

    Optional<Client> client(String id) {
        return Optional.ofNullable(clients.get(id));
    }

    /** One of them, the newest more often. */
    Optional<Client> any(Random random) {
        int newest = Math.min(inOrder.size(), random.nextBoolean() ? 4 : 40);
        return newest == 0 ? Optional.empty() : Optional.of(inOrder.get(inOrder.size() - 1 - random.nextInt(newest)));
    }

    /** Adds to a request's faults and doubts what depends on the requests before. */
    void judge(OracleRequest request) {
        Optional<Client> client = request.id.flatMap(this::client);
        if (request.isRegistration()) {
            client.filter(known -> request.key.isEmpty() || !request.key.equals(known.registrationKey))
                    .ifPresent(known -> request.faults.add(ID_TAKEN));
            client.filter(known -> known.hasRotated).ifPresent(known -> request.doubts.add(ID_TAKEN));
            return;
        }
        if (request.id.isPresent() && request.code.isPresent()) {
            if (client.isEmpty() || !client.get().accepts(request.code)) {
                request.faults.add(OracleRequest.WRONG_CODE);
            } else if (client.get().isDoubtful && request.code.equals(client.get().code)) {
                request.doubts.add(OracleRequest.WRONG_CODE);
            }
        }
        keyed(request)
                .filter(before -> !before.isRepeatedBy(request))
                .ifPresent(before -> (isRecent(client, before) ? request.faults : request.doubts).add(KEY_REUSED));
    }

    private Optional<Keyed> keyed(OracleRequest request) {
        return request.isRegistration()
                ? Optional.empty()
                : request.id.flatMap(this::client).flatMap(client -> request.key.map(client.keyed::get));
    }

    private static boolean isRecent(Optional<Client> client, Keyed before) {
        return client.orElseThrow().keyedRequests - before.number < KEYS_REMEMBERED;
    }

    /** The answer must be one of those that are allowed, in full. */
    void check(OracleRequest request, Answer answer) {
        if (answer.status() >= 400) {
            checkRefusal(request, answer);
            return;
        }
        assertTrue(request.faults.isEmpty(), () -> "answered " + answer.status());
        switch (request.path) {
            case "/health" -> assertEquals(200, answer.status());
            case "/message" -> checkMessage(request, answer);
            default -> checkCode(request, answer);
        }
    }

    private void checkRefusal(OracleRequest request, Answer answer) {
        Set<String> allowed = new TreeSet<>(request.faults);
        allowed.addAll(request.doubts);
        if (request.method.equals("HEAD")) {
            assertTrue(allowed.stream().anyMatch(each -> each.startsWith(answer.status() + " ")), "" + answer.status());
            return;
        }
        String word = answer.member("type").replaceFirst(".*:", "");
        assertTrue(allowed.contains(answer.status() + " " + word), answer::text);
        if (refusals.add(answer.headers().map() + answer.text())) {
            Refusals.assertRefused(answer.status(), word, answer);
        }
        assertEquals(answer.status() == 401, answer.header("WWW-Authenticate").isPresent());
        request.id
                .flatMap(this::client)
                .filter(client -> client.next.isPresent() && client.next.equals(request.code))
                .ifPresent(client -> client.isDoubtful = true);
    }

    private void checkCode(OracleRequest request, Answer answer) {
        assertEquals(201, answer.status());
        assertEquals(Optional.of("no-store"), answer.header("Cache-Control"));
        assertEquals(List.of("id", "code"), List.copyOf(answer.json().propertyNames()));
        assertEquals(request.id, Optional.of(answer.member("id")));
        Optional<String> code = Optional.of(answer.member("code"));
        assertTrue(code.get().matches("[A-Za-z0-9_-]{22,}"), code::get);
        Client client = clients.computeIfAbsent(answer.member("id"), this::registered);
        assertFalse(client.accepts(code), "the same code again");
        client.hasRotated = !request.isRegistration();
        if (request.isRegistration()) {
            client.registrationKey = request.key;
            client.use(code);
            client.next = Optional.empty();
        } else {
            client.use(request.code);
            client.next = code;
        }
    }

    private Client registered(String id) {
        Client client = new Client(id);
        inOrder.add(client);
        return client;
    }

    private void checkMessage(OracleRequest request, Answer answer) {
        Optional<Client> client = request.id.flatMap(this::client);
        Optional<Keyed> before = keyed(request).filter(keyed -> keyed.isRepeatedBy(request));
        client.orElseThrow().use(request.code);
        assertEquals(Optional.of("application/json"), answer.header("Content-Type"));
        boolean isReplay = answer.status() == 200;
        assertEquals(isReplay ? Optional.of("true") : Optional.empty(), answer.header("Idempotency-Replayed"));
        if (isReplay) {
            assertEquals(before.map(Keyed::answer), Optional.of(answer.text()));
            return;
        }
        assertEquals(201, answer.status());
        before.ifPresent(keyed -> assertFalse(isRecent(client, keyed), "logged again in spite of its key"));
        acknowledge(request, answer.json());
        request.key.ifPresent(key -> client.get()
                .keyed
                .put(key, new Keyed(request.isList, request.texts, answer.text(), ++client.get().keyedRequests)));
    }

    private void acknowledge(OracleRequest request, JsonNode answer) {
        assertEquals(List.of(request.isList ? "receipts" : "receipt", "time"), List.copyOf(answer.propertyNames()));
        List<String> receipts = request.isList
                ? answer.required("receipts")
                        .valueStream()
                        .map(JsonNode::stringValue)
                        .toList()
                : List.of(answer.required("receipt").stringValue());
        String time = answer.required("time").stringValue();
        assertTrue(time.matches("[0-9]{4}(-[0-9]{2}){2}T([0-9]{2}:){2}[0-9]{2}\\.[0-9]{6}Z"), time);
        int count = request.texts.size();
        assertEquals(count, receipts.size());
        for (int i = 0; i < count; i++) {
            Optional<String> part = count == 1 ? Optional.empty() : Optional.of((i + 1) + "/" + count);
            LoggedMessage message = new LoggedMessage(
                    receipts.get(i), time, request.id.orElseThrow(), request.key, part, request.texts.get(i));
            assertNull(acknowledged.put(receipts.get(i), message), "a receipt twice");
        }
    }
}
