package dev.countersign.web;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import tools.jackson.databind.JsonNode;

/**
 * Registers, rotates codes, sends texts and lists, with keys and without, one request after the answer to the other, and
 * notes what it sent. A request with a key is repeated until it is answered, also by the next life of the server. For one
 * thread at a time.
 */
final class RecordedClient {

    private static final int REQUESTS_AN_ID = 40;
    private static final int REMEMBERED = 8;
    private static final String REGISTER = "/register";
    private static final String ROTATE = "/rotate";
    private static final String MESSAGE = "/message";

    private final String name;
    private final Random random;
    private final Runnable granted;
    private final List<Request> requests = new ArrayList<>();
    private Optional<Request> pending = Optional.empty();
    private String id = "";
    private String code = "";
    private boolean hasRotated; // with this id, or may have
    private int ids;
    private int sentWithId;
    private int texts;

    private static final class Request {
        final String path;
        final String id;
        final String key;
        final List<String> texts;
        final boolean isList;
        List<Long> receipts = List.of();
        String code = ""; // of a message: the one that was answered first
        int attempts;

        Request(String path, String id, String key, List<String> texts, boolean isList) {
            this.path = path;
            this.id = id;
            this.key = key;
            this.texts = texts;
            this.isList = isList;
        }
    }

    /** @param granted called after each 201 */
    RecordedClient(String name, long seed, Runnable granted) {
        this.name = name;
        this.granted = granted;
        random = new Random(seed);
    }

    /** Sends until told to stop, or until the connection breaks. */
    void send(Service service, BooleanSupplier done) {
        try (Connection registering = new Connection(service.registerPort());
                Connection sending = new Connection(service.messagePort())) {
            while (!done.getAsBoolean()) {
                Request request = pending.orElseGet(this::next);
                pending = request.key.isEmpty() ? Optional.empty() : Optional.of(request);
                request.attempts++;
                Connection connection = request.path.equals(MESSAGE) ? sending : registering;
                take(request, connection.exchange(post(request.path, request.key, json(request))));
            }
        } catch (IOException e) {
            // the server was ended
        }
        if (pending.isEmpty() && code.isEmpty()) {
            id = ""; // whether it is registered nobody knows
        }
    }

    private void take(Request request, Answer answer) {
        if (answer.status() == 503) {
            LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2)); // or the recording fills up with refusals
            if (request.path.equals(REGISTER) && request.key.isEmpty()) {
                id = "";
            }
        } else if (answer.status() == 201 || answer.status() == 200) {
            pending = Optional.empty();
            if (!request.path.equals(MESSAGE)) {
                code = answer.member("code");
            } else if (request.receipts.isEmpty()) {
                request.receipts = receipts(answer.json());
                request.code = code;
            }
            granted.run();
        } else {
            throw new AssertionError(answer.status() + " " + answer.text() + " to request " + requests.size());
        }
    }

    private static List<Long> receipts(JsonNode answer) {
        List<Long> receipts = new ArrayList<>();
        if (answer.has("receipts")) {
            answer.required("receipts").forEach(each -> receipts.add(Long.valueOf(each.stringValue())));
        } else {
            receipts.add(Long.valueOf(answer.required("receipt").stringValue()));
        }
        return receipts;
    }

    private static byte[] post(String path, String key, String json) {
        return key.isEmpty() ? Connection.post(path, json) : Connection.post(path, "Idempotency-Key: " + key, json);
    }

    private String json(Request request) {
        return switch (request.path) {
            case REGISTER -> Json.registration(request.id);
            case ROTATE -> Json.credentials(request.id, code);
            default ->
                request.isList
                        ? Json.messages(request.id, code, request.texts)
                        : Json.message(request.id, code, request.texts.get(0));
        };
    }

    private Request next() {
        if (id.isEmpty() || sentWithId == REQUESTS_AN_ID) {
            id = name + "-" + ++ids;
            code = "";
            hasRotated = false;
            sentWithId = 0;
            String key = random.nextInt(4) > 0 ? "registration-of-" + id : "";
            return note(new Request(REGISTER, id, key, List.of(), false));
        }
        sentWithId++;
        if (random.nextInt(20) == 0) {
            hasRotated = true;
            return note(new Request(ROTATE, id, "", List.of(), false));
        }
        List<Request> mine =
                requests.stream().filter(each -> each.id.equals(id)).toList();
        if (random.nextInt(20) == 0 && !mine.get(0).key.isEmpty() && !hasRotated) {
            return mine.get(0); // registered again: another code
        }
        List<Request> keyed = mine.stream()
                .filter(each -> !each.key.isEmpty() && !each.texts.isEmpty())
                .toList();
        if (random.nextInt(10) == 0 && !keyed.isEmpty()) {
            return keyed.get(keyed.size() - 1 - random.nextInt(Math.min(REMEMBERED, keyed.size())));
        }
        boolean isList = random.nextInt(4) == 0;
        List<String> some = new ArrayList<>();
        for (int i = isList ? 1 + random.nextInt(20) : 1; i > 0; i--) {
            some.add(name + " says " + ++texts + " "
                    + "x".repeat(random.nextInt(30) == 0 ? 3_000 : random.nextInt(100)));
        }
        return note(new Request(MESSAGE, id, random.nextBoolean() ? "key-" + texts : "", some, isList));
    }

    private Request note(Request request) {
        requests.add(request);
        return request;
    }

    /** A line of JSON for each request. */
    List<String> requests() {
        return requests.stream()
                .map(each -> {
                    Map<String, Object> members = new LinkedHashMap<>();
                    members.put("path", each.path);
                    members.put("id", each.id);
                    members.put("key", each.key);
                    members.put("texts", each.texts);
                    members.put("isList", each.isList);
                    members.put("receipts", each.receipts);
                    members.put("code", each.code);
                    members.put("attempts", each.attempts);
                    return Json.write(members);
                })
                .toList();
    }
}
