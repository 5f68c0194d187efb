package dev.countersign.core.file;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.countersign.core.ClientId;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Texts of one client that are logged next to each other, all or none. Making one encodes its lines, but for receipt and
 * time, which only the writer knows: so that this costs the thread of the request, not the writer.
 */
public final class Request {

    private static final int MAX_TEXTS = 1000;

    private final byte[][] tails;
    private final int bytes;
    private final Optional<Keyed> keyed;

    /**
     * What tells a repeat.
     *
     * @param name whose key it is, and which
     * @param request digest of the lines
     */
    record Keyed(KeyName name, Digest request) {}

    private Request(ClientId id, Optional<RequestKey> key, List<String> texts, String kind) {
        if (texts.isEmpty() || texts.size() > MAX_TEXTS) {
            throw new IllegalArgumentException("a request has 1 to " + MAX_TEXTS + " texts");
        }
        byte[] before = ("\",\"id\":\"" + id.value()
                        + key.map(each -> "\",\"key\":\"" + LineText.escape(each.value()))
                                .orElse(""))
                .getBytes(US_ASCII);
        tails = new byte[texts.size()][];
        int total = key.isPresent() ? KeyEntry.BYTES : 0;
        for (int i = 0; i < tails.length; i++) {
            String part = tails.length > 1 ? "\",\"part\":\"" + (i + 1) + "/" + tails.length : "";
            tails[i] = LineText.join(before, part, texts.get(i));
            total = Math.addExact(total, tails[i].length + Batch.LINE_HEAD_BYTES);
        }
        bytes = total;
        keyed = key.map(each -> keyed(id, each, kind));
    }

    /** The request of one message. */
    public static Request message(ClientId id, Optional<RequestKey> key, String text) {
        return new Request(id, key, List.of(text), "message");
    }

    /**
     * The request of several messages; with one text it is still another request than {@link #message}.
     *
     * @throws IllegalArgumentException unless there are 1 to 1,000 texts
     */
    public static Request messages(ClientId id, Optional<RequestKey> key, List<String> texts) {
        return new Request(id, key, texts, "messages");
    }

    private Keyed keyed(ClientId id, RequestKey key, String kind) {
        List<byte[]> parts = new ArrayList<>(tails.length + 1);
        parts.add(kind.getBytes(US_ASCII));
        parts.addAll(List.of(tails));
        KeyName name = new KeyName(
                Digest.of(id.value().getBytes(UTF_8)), Digest.of(key.value().getBytes(UTF_8)));
        return new Keyed(name, Digest.of(parts.toArray(byte[][]::new)));
    }

    byte[][] tails() {
        return tails;
    }

    Optional<Keyed> keyed() {
        return keyed;
    }

    int count() {
        return tails.length;
    }

    /** What it takes in a batch, at most. */
    public int bytes() {
        return bytes;
    }
}
