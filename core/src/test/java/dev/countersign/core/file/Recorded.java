package dev.countersign.core.file;

import com.google.gson.Gson;
import dev.countersign.core.ClientId;
import dev.countersign.core.Messages;
import dev.countersign.core.Past;
import dev.countersign.core.RequestKey;
import dev.countersign.core.file.LeftLines.Line;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A recording, and what its clients sent. Safe for use by many threads.
 *
 * @param sent requests for messages by id, in the order in which the client sent them
 * @param codeChanges what was sent to get codes, by id
 * @param granted messages, in the order in which their answers went out
 * @param keyed those of the requests with a key, by id
 * @param databases that were found well, by what is in their files
 */
record Recorded(
        Path folder,
        Recording recording,
        Promises promises,
        Map<String, List<Sent>> sent,
        Map<String, CodeChanges> codeChanges,
        List<Granted> granted,
        Map<String, List<Keyed>> keyed,
        Map<String, Past> databases,
        Clock clock) {

    /**
     * A line of the requests.
     *
     * @param path {@code /register}, {@code /rotate} or {@code /message}
     * @param key empty where it had none
     * @param receipts of the answer that the client got; empty where it got none
     * @param code with which a message was answered first
     * @param attempts how often it was sent, at least
     */
    record Sent(
            String path,
            String id,
            String key,
            List<String> texts,
            boolean isList,
            List<Long> receipts,
            String code,
            int attempts) {

        Append request() {
            return Append.of(new Messages(
                    new ClientId(id),
                    key.isEmpty() ? Optional.empty() : Optional.of(new RequestKey(key)),
                    texts,
                    isList));
        }
    }

    /**
     * Of one id.
     *
     * @param key of the registration; empty where it had none, or where a rotation may have ended it
     * @param attempts to register and to rotate
     * @param rotations that were tried
     */
    record CodeChanges(String key, int attempts, int rotations) {}

    /**
     * A message whose answer went out.
     *
     * @param step at which it went out
     * @param line of the log; empty where the client was not there any more
     */
    record Granted(long receipt, int step, String time, Optional<Line> line) {}

    /** @param step at which its first answer went out */
    record Keyed(Append request, String firstText, List<String> receipts, OptionalInt step) {

        boolean isGranted(int before) {
            return step.isPresent() && step.getAsInt() < before;
        }
    }

    /**
     * Reads a folder with {@code home}, the path that the home had; {@code requests.jsonl}, what clients sent;
     * {@code life-1} and so on, and copies of the home at each one's end, {@code killed-1} or {@code stopped-1}.
     */
    static Recorded read(Path folder) throws IOException {
        Recording recording = Recording.read(folder, Path.of(Files.readString(folder.resolve("home"))));
        Path requests = folder.resolve("requests.jsonl");
        Recorded recorded = new Recorded(
                folder,
                recording,
                new Promises(recording),
                new HashMap<>(),
                new HashMap<>(),
                new ArrayList<>(),
                new HashMap<>(),
                new ConcurrentHashMap<>(),
                Clock.fixed(Files.getLastModifiedTime(requests).toInstant(), ZoneOffset.UTC));
        Gson gson = new Gson();
        for (String line : Files.readAllLines(requests)) {
            recorded.add(gson.fromJson(line, Sent.class));
        }
        recorded.addGranted();
        return recorded;
    }

    private void add(Sent request) {
        if (request.texts.isEmpty()) {
            codeChanges.merge(
                    request.id,
                    new CodeChanges(request.key, request.attempts, 0),
                    (before, rotation) ->
                            new CodeChanges("", before.attempts + rotation.attempts, before.rotations + 1));
        } else {
            sent.computeIfAbsent(request.id, none -> new ArrayList<>()).add(request);
            if (!request.key.isEmpty()) {
                keyed.computeIfAbsent(request.id, none -> new ArrayList<>()).add(keyed(request));
            }
        }
    }

    private Keyed keyed(Sent request) {
        return new Keyed(
                request.request(),
                request.texts.get(0),
                request.receipts.stream().map(Object::toString).toList(),
                step(request));
    }

    private OptionalInt step(Sent request) {
        Optional<Promises.Granted> first = request.receipts.stream().findFirst().map(promises.messages()::get);
        return first.isPresent() ? OptionalInt.of(first.get().step()) : OptionalInt.empty();
    }

    private void addGranted() {
        Map<Long, Line> byReceipt = new HashMap<>();
        for (Sent each : sent.values().stream().flatMap(List::stream).toList()) {
            for (int i = 0; i < each.receipts.size(); i++) {
                long receipt = each.receipts.get(i);
                Promises.Granted answer = promises.messages().get(receipt);
                if (answer != null) { // else it was repeated in a line that strace doesn't have
                    byReceipt.put(
                            receipt,
                            new Line(receipt, answer.value(), each.id, i + 1, each.texts.size(), each.texts.get(i)));
                }
            }
        }
        promises.messages()
                .forEach((receipt, answer) -> granted.add(new Granted(
                        receipt, answer.step(), answer.value(), Optional.ofNullable(byReceipt.get(receipt)))));
    }

    /** The place of the last code with which a message was acknowledged before the step, among those of its id. */
    int usedCode(String id, int step) {
        List<String> codes =
                promises.codes().get(id).stream().map(Promises.Granted::value).toList();
        return sent.getOrDefault(id, List.of()).stream()
                .filter(each -> step(each).orElse(step) < step)
                .mapToInt(each -> codes.indexOf(each.code))
                .max()
                .orElse(0);
    }
}
