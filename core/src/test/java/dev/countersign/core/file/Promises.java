package dev.countersign.core.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.countersign.core.file.Recording.Step;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.LongStream;

/** What a recorded server promised, when, and whether it was on the disk by then; needs no image. */
final class Promises {

    private static final Pattern LINE_START = Pattern.compile("(?:^|\n)\\{\"receipt\":\"(\\d+)\"");
    private static final int NEVER = Integer.MAX_VALUE;

    private final Recording recording;
    private final Map<Path, List<Written>> unflushed = new HashMap<>();
    private final Map<Long, Integer> durable = new HashMap<>(); // receipts, since which step
    private final List<String> durableRows = new ArrayList<>(); // what was flushed of the database
    private final Map<Path, Map<Long, Integer>> lines = new HashMap<>(); // of files of the log: receipts, since when
    private final Set<Long> logged = new HashSet<>(); // receipts whose line was appended to some file
    private final Map<Path, Integer> lastFlush = new HashMap<>(); // that succeeded: the step at which it began
    private final Map<Long, Integer> takenAway = new HashMap<>();
    private final Map<Long, Granted> messages = new LinkedHashMap<>();
    private final Map<String, List<Granted>> codes = new LinkedHashMap<>();
    private final List<String> faults = new ArrayList<>();

    private record Written(int step, long firstReceipt, long nextReceipt, String rows) {}

    /** An answer: the step at which it went out, and the time of a message, or the code of an id. */
    record Granted(int step, String value) {}

    Promises(Recording recording) {
        this.recording = recording;
        for (int i = 0; i < recording.steps().size(); i++) {
            take(i, recording.steps().get(i));
        }
    }

    /** Answers that went out before what they say was on the disk, and lines that a reader could see before. */
    List<String> faults() {
        return faults;
    }

    /** The first answers, by receipt. */
    Map<Long, Granted> messages() {
        return messages;
    }

    /** The codes of each id, in the order in which they went out. */
    Map<String, List<Granted>> codes() {
        return codes;
    }

    /** Whether somebody else had removed the line before this step, and it had been on the disk for longer. */
    boolean isTakenAway(long receipt, int step) {
        return takenAway.getOrDefault(receipt, NEVER) < step;
    }

    private void take(int number, Step step) {
        Path path = step.path();
        switch (step.kind()) {
            case WRITE -> wrote(number, step);
            case FLUSHED -> flushed(number, step);
            case FLUSH_FAILED -> // a later one does nothing for them
                unflushed.getOrDefault(path, new ArrayList<>()).removeIf(each -> each.step < step.begin());
            case ANSWER -> Recording.granted(step).ifPresent(body -> answered(number, body));
            case RENAME -> {
                lines.put(step.secondName(), lines.getOrDefault(path, new HashMap<>()));
                lastFlush.put(step.secondName(), lastFlush.getOrDefault(path, -1));
                lines.remove(path);
            }
            case DELETE -> removed(number, path);
            case OPEN -> {
                if (step.arguments().contains("O_TRUNC")) {
                    removed(number, path);
                }
            }
            default -> {}
        }
    }

    private void wrote(int number, Step step) {
        byte[] bytes = step.bytes();
        List<Written> written = unflushed.computeIfAbsent(step.path(), none -> new ArrayList<>());
        if (step.path().equals(recording.journal())) {
            if (step.offset() >= 2 * JournalBatch.BLOCK_BYTES && bytes.length >= JournalBatch.HEAD_BYTES) {
                ByteBuffer head = ByteBuffer.wrap(bytes);
                written.add(new Written(number, head.getLong(16) - head.getInt(36), head.getLong(16), ""));
            }
        } else if (step.path().toString().startsWith(recording.database().toString())) {
            written.add(new Written(number, 0, 0, new String(bytes, ISO_8859_1)));
        } else if (step.path().startsWith(recording.logs())) {
            Matcher line = LINE_START.matcher(new String(bytes, ISO_8859_1));
            while (line.find()) {
                long receipt = Long.parseLong(line.group(1));
                lines.computeIfAbsent(step.path(), none -> new HashMap<>()).put(receipt, number);
                logged.add(receipt);
                if (durable.getOrDefault(receipt, NEVER) >= step.begin()) {
                    faults.add("a reader sees " + receipt + " before it is on the disk: step " + number);
                }
            }
        }
    }

    private void flushed(int number, Step step) {
        lastFlush.put(step.path(), step.begin());
        List<Written> written = unflushed.getOrDefault(step.path(), new ArrayList<>());
        for (Written each : written) {
            if (each.step < step.begin()) {
                LongStream.range(each.firstReceipt, each.nextReceipt)
                        .forEach(receipt -> durable.putIfAbsent(receipt, number));
                durableRows.add(each.rows);
            }
        }
        written.removeIf(each -> each.step < step.begin());
    }

    private void removed(int number, Path path) {
        Map<Long, Integer> had = lines.getOrDefault(path, Map.of());
        if (!path.toString().endsWith(".new")) {
            had.forEach((receipt, since) -> {
                if (since < lastFlush.getOrDefault(path, -1)) {
                    takenAway.putIfAbsent(receipt, number);
                }
            });
        }
        lines.remove(path);
    }

    private void answered(int number, String body) {
        JsonObject answer = JsonParser.parseString(body).getAsJsonObject();
        if (answer.has("code")) {
            String code = answer.get("code").getAsString();
            String id = answer.get("id").getAsString();
            codes.computeIfAbsent(id, none -> new ArrayList<>()).add(new Granted(number, code));
            if (!hasRow(sha256(code))) {
                faults.add("the code of " + id + " goes out before it is on the disk: step " + number);
            }
            return;
        }
        List<JsonElement> receipts =
                answer.has("receipts") ? answer.getAsJsonArray("receipts").asList() : List.of(answer.get("receipt"));
        for (JsonElement each : receipts) {
            long receipt = each.getAsLong();
            messages.putIfAbsent(receipt, new Granted(number, answer.get("time").getAsString()));
            if (durable.getOrDefault(receipt, NEVER) >= number) {
                faults.add("receipt " + receipt + " goes out before it is on the disk: step " + number);
            }
            // it may be gone again: somebody else removes or empties the file between the append and the answer
            if (!logged.contains(receipt)) {
                faults.add("receipt " + receipt + " goes out before its line is in the log: step " + number);
            }
        }
    }

    static byte[] sha256(String code) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(code.getBytes(US_ASCII));
        } catch (NoSuchAlgorithmException e) {
            throw new AssertionError(e);
        }
    }

    private boolean hasRow(byte[] digest) {
        String searched = new String(digest, ISO_8859_1);
        for (int i = durableRows.size() - 1; i >= 0; i--) {
            if (durableRows.get(i).contains(searched)) {
                return true;
            }
        }
        return false;
    }
}
