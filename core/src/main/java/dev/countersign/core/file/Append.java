package dev.countersign.core.file;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.countersign.core.LineText;
import dev.countersign.core.Messages;
import dev.countersign.core.RequestKey;
import java.util.Optional;

/**
 * Texts of one client that are logged next to each other, all or none. The constructor encodes the lines except receipt
 * and time, which only the writer knows. So the thread of the request does this work, not the writer.
 */
final class Append {

    private final byte[][] tails;
    private final int bytes;
    private final Optional<Keyed> keyed;

    /**
     * Identifies a repeat.
     *
     * @param name digests of id and key
     * @param request digest of the lines
     */
    record Keyed(KeyName name, Digest request) {}

    private Append(Messages messages) {
        tails = LineText.tails(messages);
        int total = messages.key().isPresent() ? KeyEntry.BYTES : 0;
        for (byte[] tail : tails) {
            total = Math.addExact(total, tail.length + JournalBatch.LINE_HEAD_BYTES);
        }
        bytes = total;
        keyed = messages.key().map(key -> keyed(messages, key));
    }

    static Append of(Messages messages) {
        return new Append(messages);
    }

    private Keyed keyed(Messages messages, RequestKey key) {
        byte[][] parts = new byte[tails.length + 1][];
        parts[0] = (messages.isList() ? "messages" : "message").getBytes(US_ASCII);
        System.arraycopy(tails, 0, parts, 1, tails.length);
        KeyName name = new KeyName(
                Digest.of(messages.id().value().getBytes(US_ASCII)),
                Digest.of(key.value().getBytes(US_ASCII)));
        return new Keyed(name, Digest.of(parts));
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

    /** The most bytes that the request takes in a batch. */
    int bytes() {
        return bytes;
    }
}
