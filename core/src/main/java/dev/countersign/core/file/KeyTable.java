package dev.countersign.core.file;

import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The last 15 keyed requests of each client id. Beyond a total, the ids that have been silent longest are forgotten.
 *
 * <p>Why 15: a client may send its request n+8 as soon as n is answered. Of the requests that it has in flight, 7
 * earlier and 7 later ones may be logged after one whose answer is lost. The most recently used ids, an eighth of the
 * total, are always remembered, with all their entries.
 *
 * <p>The entries of an id are in one array of longs, 56 bytes each; objects would take three times as much. Used by one
 * thread at a time, except {@link #size}.
 */
final class KeyTable {

    /** The most heap for each entry of the total: when each id has one entry, or an eighth of them have 15. */
    static final int BYTES_PER_ENTRY = 160;

    private static final int PER_ID = 15;

    /** One in this many: the part of the total that is the number of ids that are never forgotten. */
    private static final int IDS_PART = 8;

    /** The longs of an entry: digest of the key (2), digest of the request (2), receipt, time, count. */
    private static final int LONGS = 7;

    private static final int RECEIPT = 4;
    private static final long[] NONE = {};

    private final int capacity;
    private final Map<Digest, long[]> ids; // silent longest first; of each its entries, the earliest first
    private volatile int size; // written by one thread

    /** @param capacity remembered entries, at least 8; up to 15/8 of that if ids have more than 8 entries each */
    KeyTable(int capacity) {
        this.capacity = Math.max(capacity, IDS_PART);
        ids = new LinkedHashMap<>(this.capacity / 3 * 4); // never grows: that would take the writer's time
    }

    int size() {
        return size;
    }

    /** The request with this name, if it is remembered. */
    Optional<KeyEntry> find(KeyName name) {
        long[] entries = ids.getOrDefault(name.id(), NONE);
        for (int at = 0; at < entries.length; at += LONGS) {
            if (entries[at] == name.key().high()
                    && entries[at + 1] == name.key().low()) {
                return Optional.of(entry(name.id(), entries, at));
            }
        }
        return Optional.empty();
    }

    /** Whether this entry is remembered. */
    boolean has(KeyEntry entry) {
        long[] entries = ids.getOrDefault(entry.name().id(), NONE);
        for (int at = RECEIPT; at < entries.length; at += LONGS) {
            if (entries[at] == entry.receipt()) {
                return true;
            }
        }
        return false;
    }

    /** All entries: ids in the order of their last entries, and the entries of each in the order they were added. */
    Stream<KeyEntry> entries() {
        return ids.entrySet().stream()
                .flatMap(each -> IntStream.range(0, each.getValue().length / LONGS)
                        .mapToObj(number -> entry(each.getKey(), each.getValue(), number * LONGS)));
    }

    private static KeyEntry entry(Digest id, long[] entries, int at) {
        return new KeyEntry(
                new KeyName(id, new Digest(entries[at], entries[at + 1])),
                new Digest(entries[at + 2], entries[at + 3]),
                entries[at + RECEIPT],
                entries[at + 5],
                (int) entries[at + 6]);
    }

    /** Remembers a request as the last one of its id; forgets others if there are too many. */
    void enter(KeyEntry entered) {
        Digest id = entered.name().id();
        long[] entries = withFreeEnd(ids.getOrDefault(id, NONE));
        int at = entries.length - LONGS;
        entries[at] = entered.name().key().high();
        entries[at + 1] = entered.name().key().low();
        entries[at + 2] = entered.request().high();
        entries[at + 3] = entered.request().low();
        entries[at + RECEIPT] = entered.receipt();
        entries[at + 5] = entered.timeMicros();
        entries[at + 6] = entered.count();
        ids.remove(id); // so that it becomes the last one
        ids.put(id, entries);
        Iterator<long[]> oldest = ids.values().iterator();
        while (size > capacity && ids.size() > capacity / IDS_PART) {
            size -= oldest.next().length / LONGS;
            oldest.remove();
        }
    }

    /** These entries and room for one more at the end, without the earliest if the id has as many as it may have. */
    private long[] withFreeEnd(long[] entries) {
        if (entries.length < PER_ID * LONGS) {
            size++;
            return Arrays.copyOf(entries, entries.length + LONGS);
        }
        System.arraycopy(entries, LONGS, entries, 0, entries.length - LONGS);
        return entries;
    }
}
