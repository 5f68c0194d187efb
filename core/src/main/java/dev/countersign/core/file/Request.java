package dev.countersign.core.file;

import static java.nio.charset.StandardCharsets.US_ASCII;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.countersign.core.ClientId;
import dev.countersign.core.Messages;
import dev.countersign.core.RequestKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Texts of one client that are logged next to each other, all or none. Making one encodes its lines, but for receipt and
 * time, which only the writer knows: so that this costs the thread of the request, not the writer.
 */
final class Request {

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

    static Request of(Messages messages) {
        return new Request(messages.id(), messages.key(), messages.texts(), messages.isList() ? "messages" : "message");
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
    int bytes() {
        return bytes;
    }
}
