package dev.countersign.core.file;

import java.nio.ByteBuffer;

/**
 * A logged request with a key.
 *
 * @param name digests of its id and key
 * @param request digest of its texts
 * @param receipt of its first line
 * @param timeMicros of its lines, since 1970
 * @param count the number of its lines
 */
record KeyEntry(KeyName name, Digest request, long receipt, long timeMicros, int count) {

    /** Three digests, receipt, time, count, and a CRC-32C of a seed and these. */
    static final int BYTES = 3 * Digest.BYTES + 2 * Long.BYTES + 2 * Integer.BYTES;

    void write(ByteBuffer to, long seed) {
        int start = to.position();
        name.id().write(to);
        name.key().write(to);
        request.write(to);
        to.putLong(receipt).putLong(timeMicros).putInt(count);
        to.putInt(checksum(to, start, seed));
    }

    static KeyEntry read(ByteBuffer from) {
        KeyEntry entry = new KeyEntry(
                new KeyName(Digest.read(from), Digest.read(from)),
                Digest.read(from),
                from.getLong(),
                from.getLong(),
                from.getInt());
        from.getInt();
        return entry;
    }

    /** Whether the entry at this position is undamaged. */
    static boolean isWhole(ByteBuffer bytes, int start, long seed) {
        return bytes.getInt(start + BYTES - Integer.BYTES) == checksum(bytes, start, seed);
    }

    private static int checksum(ByteBuffer bytes, int start, long seed) {
        return JournalBatch.checksum(
                seed, bytes.duplicate().limit(start + BYTES - Integer.BYTES).position(start));
    }
}
