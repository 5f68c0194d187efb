package dev.countersign.core.file;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.countersign.core.LineText;
import dev.countersign.core.Messages;
import dev.countersign.core.RequestKey;
import java.util.Optional;

/**
 * Texts of one client that are logged next to each other, all or none. {@link #of} encodes the lines except receipt
 * and time, which only the writer knows. So the thread of the request does this work, not the writer.
 *
 * @param tails the lines, but for receipt and time
 * @param bytes the most that the request takes in a batch
 */
record Append(byte[][] tails, int bytes, Optional<Keyed> keyed) {

    /**
     * Identifies a repeat.
     *
     * @param name digests of id and key
     * @param request digest of the lines
     */
    record Keyed(KeyName name, Digest request) {}

    static Append of(Messages messages) {
        byte[][] tails = LineText.tails(messages);
        int bytes = messages.key().isPresent() ? KeyEntry.BYTES : 0;
        for (byte[] tail : tails) {
            bytes = Math.addExact(bytes, tail.length + JournalBatch.LINE_HEAD_BYTES);
        }
        return new Append(tails, bytes, messages.key().map(key -> keyed(messages, key, tails)));
    }

    private static Keyed keyed(Messages messages, RequestKey key, byte[][] tails) {
        byte[][] parts = new byte[tails.length + 1][];
        parts[0] = (messages.isList() ? "messages" : "message").getBytes(US_ASCII);
        System.arraycopy(tails, 0, parts, 1, tails.length);
        KeyName name = new KeyName(
                Digest.of(messages.id().value().getBytes(US_ASCII)),
                Digest.of(key.value().getBytes(US_ASCII)));
        return new Keyed(name, Digest.of(parts));
    }

    int count() {
        return tails.length;
    }
}
