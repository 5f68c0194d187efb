package dev.countersign.core.file;

import java.util.Arrays;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * The last 15 keyed requests of each client id. Beyond a total, the ids that have been silent longest are forgotten.
 *
 * <p>Why 15: a client may send its request n+8 as soon as n is answered. Of the requests that it has in flight, 7
 * earlier and 7 later ones may be logged after one whose answer is lost. The most recently used ids, an eighth of the
 * total, are always remembered, with all their entries.
 *
 * <p>Entries and ids are in plain arrays, linked by index: 56 bytes per entry, 52 per id. The index is allocated at
 * once, with 8 to 16 bytes for each entry of the total. Used by one thread at a time.
 */
final class KeyTable {

    /** The most heap for each entry of the total: when each id has one entry, or an eighth of them have 15. */
    static final int BYTES_PER_ENTRY = 128;

    private static final int PER_ID = 15;

    /** One in this many: the part of the total that is the number of ids that are never forgotten. */
    private static final int IDS_PART = 8;

    private static final int NONE = -1;

    /**
     * Longs of an entry: digests of key and request, receipt, time. Ints: count, the id's next entry; the first's after
     * the last.
     */
    private final Slots entries = new Slots(6, 2);

    /**
     * Longs of an id: its digest, a byte of each of its last keys (two longs). Ints: its last entry, number of entries,
     * the ids beside it in order of last use, walk.
     */
    private final Slots ids = new Slots(4, 5);

    private static final int COUNT = 0;
    private static final int LATER = 1;
    private static final int KEY_BYTES = 2;
    private static final int LAST = 0;
    private static final int ENTRIES = 1;
    private static final int OLDER = 2;
    private static final int NEWER = 3;
    private static final int WALKED = 4;

    private final int capacity;
    private final int[] index; // hash table: an id's slot + 1 at the place of its digest or after it; 0 if free
    private int oldest = NONE;
    private int newest = NONE;
    private int size;
    private int idCount;
    private int walk;
    private int cursor = NONE;

    /** @param capacity remembered entries, at least 8; up to 15/8 of that if ids have more than 8 entries each */
    KeyTable(int capacity) {
        this.capacity = Math.max(capacity, IDS_PART);
        index = new int[Integer.highestOneBit(this.capacity) * 4];
    }

    int size() {
        return size;
    }

    /** The request with this name, if it is remembered. */
    Optional<KeyEntry> find(KeyName name) {
        int id = index[place(name.id())] - 1;
        if (id < 0
                || !mayHold(ids.value(id, KEY_BYTES), name.key())
                        && !mayHold(ids.value(id, KEY_BYTES + 1), name.key())) {
            return Optional.empty();
        }
        int entry = ids.number(id, LAST);
        for (int left = ids.number(id, ENTRIES); left > 0; left--) {
            entry = entries.number(entry, LATER);
            if (entries.value(entry, 0) == name.key().high()
                    && entries.value(entry, 1) == name.key().low()) {
                return Optional.of(entry(name.id(), entry));
            }
        }
        return Optional.empty();
    }

    /**
     * Whether the key's last byte is one of these. Most keys are new, and reading an entry costs two cache misses.
     */
    private static boolean mayHold(long keyBytes, Digest key) {
        for (int shift = 0; shift < Long.SIZE; shift += Byte.SIZE) {
            if ((byte) (keyBytes >>> shift) == (byte) key.low()) {
                return true;
            }
        }
        return false;
    }

    private KeyEntry entry(Digest id, int entry) {
        return new KeyEntry(
                new KeyName(id, new Digest(entries.value(entry, 0), entries.value(entry, 1))),
                new Digest(entries.value(entry, 2), entries.value(entry, 3)),
                entries.value(entry, 4),
                entries.value(entry, 5),
                entries.number(entry, COUNT));
    }

    /** Remembers a request as the last one of its id; forgets others if there are too many. */
    void enter(KeyEntry entered) {
        int id = idOf(entered.name().id());
        int entry = slotAfterLast(id);
        entries.value(entry, 0, entered.name().key().high());
        entries.value(entry, 1, entered.name().key().low());
        entries.value(entry, 2, entered.request().high());
        entries.value(entry, 3, entered.request().low());
        entries.value(entry, 4, entered.receipt());
        entries.value(entry, 5, entered.timeMicros());
        entries.number(entry, COUNT, entered.count());
        ids.number(id, LAST, entry);
        long keyBytes = ids.value(id, KEY_BYTES);
        ids.value(id, KEY_BYTES, keyBytes << Byte.SIZE | entered.name().key().low() & 0xff);
        ids.value(id, KEY_BYTES + 1, ids.value(id, KEY_BYTES + 1) << Byte.SIZE | keyBytes >>> Long.SIZE - Byte.SIZE);
        while (size > capacity && idCount > capacity / IDS_PART) {
            forget(oldest);
        }
    }

    /** A slot for the id's next entry: a new one, or that of its first entry if the id has as many as it may have. */
    private int slotAfterLast(int id) {
        int last = ids.number(id, LAST);
        int count = ids.number(id, ENTRIES);
        if (count == PER_ID) {
            return entries.number(last, LATER);
        }
        int entry = entries.take();
        if (count > 0) {
            entries.number(entry, LATER, entries.number(last, LATER));
        } else {
            last = entry;
        }
        entries.number(last, LATER, entry);
        ids.number(id, ENTRIES, count + 1);
        size++;
        return entry;
    }

    /** The slot of an id, which becomes the most recently used one. */
    private int idOf(Digest digest) {
        int place = place(digest);
        int id = index[place] - 1;
        if (id >= 0) {
            unlink(id);
        } else {
            id = ids.take();
            idCount++;
            index[place] = id + 1;
            ids.value(id, 0, digest.high());
            ids.value(id, 1, digest.low());
            ids.number(id, ENTRIES, 0);
            ids.number(id, WALKED, walk);
        }
        ids.number(id, OLDER, newest);
        ids.number(id, NEWER, NONE);
        if (newest == NONE) {
            oldest = id;
        } else {
            ids.number(newest, NEWER, id);
        }
        newest = id;
        if (cursor == NONE && ids.number(id, WALKED) != walk) {
            cursor = id;
        }
        return id;
    }

    private void unlink(int id) {
        int older = ids.number(id, OLDER);
        int newer = ids.number(id, NEWER);
        if (cursor == id) {
            cursor = newer;
        }
        if (older == NONE) {
            oldest = newer;
        } else {
            ids.number(older, NEWER, newer);
        }
        if (newer == NONE) {
            newest = older;
        } else {
            ids.number(newer, OLDER, older);
        }
    }

    private void forget(int id) {
        unlink(id);
        int entry = ids.number(id, LAST);
        for (int left = ids.number(id, ENTRIES); left > 0; left--) {
            int later = entries.number(entry, LATER);
            entries.give(entry);
            size--;
            entry = later;
        }
        removeFromIndex(place(digest(id)));
        ids.give(id);
        idCount--;
    }

    private Digest digest(int id) {
        return new Digest(ids.value(id, 0), ids.value(id, 1));
    }

    /** The id's place in the index, or the free place where it belongs. */
    private int place(Digest digest) {
        int place = (int) digest.high() & index.length - 1;
        while (index[place] != 0) {
            int id = index[place] - 1;
            if (ids.value(id, 0) == digest.high() && ids.value(id, 1) == digest.low()) {
                return place;
            }
            place = place + 1 & index.length - 1;
        }
        return place;
    }

    /** Moves later places up, so that no search ends early: Knuth, volume 3, 6.4, algorithm R. */
    private void removeFromIndex(int removed) {
        int free = removed;
        index[free] = 0;
        for (int at = free + 1 & index.length - 1; index[at] != 0; at = at + 1 & index.length - 1) {
            int wanted = (int) ids.value(index[at] - 1, 0) & index.length - 1;
            if ((at - wanted & index.length - 1) >= (at - free & index.length - 1)) {
                index[free] = index[at];
                index[at] = 0;
                free = at;
            }
        }
    }

    /** Begins a walk over all ids, from the one that has been silent longest. */
    void startWalk() {
        walk++;
        cursor = oldest;
    }

    /**
     * Continues the walk. It visits each id once, with its entries in the order they were added, even if others are
     * added meanwhile. It does not visit ids that are added meanwhile.
     *
     * @param limit approximate number of entries
     * @return whether the walk has more
     */
    boolean walk(int limit, Consumer<KeyEntry> visitor) {
        int met = 0;
        while (cursor != NONE && met < limit) {
            int id = cursor;
            cursor = ids.number(id, NEWER);
            if (ids.number(id, WALKED) != walk) {
                ids.number(id, WALKED, walk);
                Digest digest = digest(id);
                int entry = ids.number(id, LAST);
                for (int left = ids.number(id, ENTRIES); left > 0; left--) {
                    entry = entries.number(entry, LATER);
                    visitor.accept(entry(digest, entry));
                    met++;
                }
            }
        }
        return cursor != NONE;
    }

    /** Slots of a few longs and ints each, in pages, so that growing copies nothing. */
    private static final class Slots {

        private static final int PAGE = 4096;

        private final int longs;
        private final int ints;
        private long[][] values = {};
        private int[][] numbers = {};
        private int used;
        private int free = NONE; // given back: the first, which names the next

        Slots(int longs, int ints) {
            this.longs = longs;
            this.ints = ints;
        }

        int take() {
            if (free != NONE) {
                int slot = free;
                free = number(slot, 0);
                return slot;
            }
            if (used == values.length * PAGE) {
                values = Arrays.copyOf(values, values.length + 1);
                values[values.length - 1] = new long[PAGE * longs];
                numbers = Arrays.copyOf(numbers, numbers.length + 1);
                numbers[numbers.length - 1] = new int[PAGE * ints];
            }
            return used++;
        }

        void give(int slot) {
            number(slot, 0, free);
            free = slot;
        }

        long value(int slot, int field) {
            return values[slot / PAGE][slot % PAGE * longs + field];
        }

        void value(int slot, int field, long value) {
            values[slot / PAGE][slot % PAGE * longs + field] = value;
        }

        int number(int slot, int field) {
            return numbers[slot / PAGE][slot % PAGE * ints + field];
        }

        void number(int slot, int field, int number) {
            numbers[slot / PAGE][slot % PAGE * ints + field] = number;
        }
    }
}
