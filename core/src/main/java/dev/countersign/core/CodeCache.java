package dev.countersign.core;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import java.nio.ByteBuffer;
import java.security.SecureRandom;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The codes and requests of the clients seen last, in a limited number of bytes.
 *
 * <p>A hash of the id selects a bucket: a byte array with the entries of about twenty ids, one after the other. A full
 * bucket drops the entry whose last request is oldest. An id of 36 characters takes 90 bytes, of which 87 are its
 * entry; as objects in a map it would take 300. Ids are compared in full, so a collision of the hash gives nobody the
 * codes of another id. The hash is random, so clients can't choose ids that share a bucket.
 *
 * <p>Safe for use by many threads: each bucket has a lock, which is held for less than a microsecond.
 */
final class CodeCache {

    /** The most bytes of entries in a bucket: at random, few of many buckets need more while others have room. */
    private static final int CAPACITY = 2_016;

    /** Heap for a full bucket: its entries, 16 bytes of their array, 24 of the bucket, 4 of the reference to it. */
    private static final int BUCKET_BYTES = CAPACITY + 44;

    /** Where the parts of an entry are; after the id come one or two digests. */
    private static final int TAG = 0;

    private static final int ID_LENGTH = 1;
    private static final int DIGESTS = 2;
    private static final int LAST_MILLIS = 3;
    private static final int ACCEPTED = 11;
    private static final int REFUSED = 15;
    private static final int ID = 19;
    private static final int DIGEST_BYTES = 32;

    private static final long FACTOR = new SecureRandom().nextLong() | 1;

    private final AtomicReferenceArray<Bucket> buckets;

    /** @param bytes the most heap that the cache takes; little of it before there are entries */
    CodeCache(long bytes) {
        buckets = new AtomicReferenceArray<>((int) Math.max(1, bytes / BUCKET_BYTES));
    }

    /** The entry of an id, whether or not there is one now. */
    Entry entry(ClientId id) {
        byte[] characters = id.value().getBytes(ISO_8859_1);
        ByteBuffer rest = ByteBuffer.wrap(characters);
        long hash = 0;
        while (rest.hasRemaining()) {
            hash = (hash ^ (rest.remaining() < Long.BYTES ? rest.get() : rest.getLong())) * FACTOR;
            hash ^= hash >>> 32;
        }
        hash *= FACTOR;
        int place = (int) ((hash >>> 32) * buckets.length() >>> 32);
        if (buckets.get(place) == null) {
            buckets.compareAndSet(place, null, new Bucket());
        }
        return new Entry(buckets.get(place), characters, (byte) (hash >>> 24));
    }

    /** @param tag a byte of the id's hash; entries with another tag are of other ids */
    record Entry(Bucket bucket, byte[] id, byte tag) {

        /** Compares a code with the cached ones, and counts the request; empty if none are cached. */
        Optional<CodeDigests.Match> check(byte[] sha256) {
            synchronized (bucket) {
                int at = bucket.find(this);
                if (at < 0) {
                    return Optional.empty();
                }
                CodeDigests.Match match = bucket.codes(at).match(sha256);
                bucket.count(at, match);
                return Optional.of(match);
            }
        }

        /** Changes with each removal. */
        int removals() {
            synchronized (bucket) {
                return bucket.removals;
            }
        }

        /** Caches codes instead of earlier ones, without requests; not after a removal since {@code removals}. */
        void put(CodeDigests codes, int removals) {
            synchronized (bucket) {
                if (bucket.removals == removals) {
                    bucket.drop(bucket.find(this));
                    bucket.add(this, codes);
                }
            }
        }

        /** Ends the entry; results of look-ups that began before can't be put any more. */
        void remove() {
            synchronized (bucket) {
                bucket.removals++;
                bucket.drop(bucket.find(this));
            }
        }

        /** Counts a request, if there is an entry. */
        void count(CodeDigests.Match match) {
            synchronized (bucket) {
                int at = bucket.find(this);
                if (at >= 0) {
                    bucket.count(at, match);
                }
            }
        }

        /** Counts an accepted request as a refused one, if there is an entry. */
        void refuseAccepted() {
            synchronized (bucket) {
                int at = bucket.find(this);
                if (at >= 0) {
                    bucket.count(at, CodeDigests.Match.NEITHER);
                    ByteBuffer to = ByteBuffer.wrap(bucket.bytes);
                    to.putInt(at + ACCEPTED, Math.max(0, to.getInt(at + ACCEPTED) - 1)); // 0: the entry is a new one
                }
            }
        }

        /** Empty if there is no entry, or no request was counted. */
        Optional<Registry.Use> use() {
            synchronized (bucket) {
                int at = bucket.find(this);
                if (at < 0 || bucket.lastMillis(at) == 0) {
                    return Optional.empty();
                }
                ByteBuffer bytes = ByteBuffer.wrap(bucket.bytes);
                return Optional.of(new Registry.Use(
                        Instant.ofEpochMilli(bucket.lastMillis(at)),
                        bytes.getInt(at + ACCEPTED),
                        bytes.getInt(at + REFUSED)));
            }
        }
    }

    /** Used with its lock held. */
    private static final class Bucket {

        byte[] bytes = {}; // grows with its entries, up to the capacity
        int used;
        int removals;

        /** Where the entry begins; -1 if there is none. */
        int find(Entry entry) {
            int length = entry.id.length;
            for (int at = 0; at < used; at += length(at)) {
                if (bytes[at + TAG] == entry.tag
                        && bytes[at + ID_LENGTH] == length
                        && Arrays.equals(bytes, at + ID, at + ID + length, entry.id, 0, length)) {
                    return at;
                }
            }
            return -1;
        }

        int length(int at) {
            return ID + bytes[at + ID_LENGTH] + bytes[at + DIGESTS] * DIGEST_BYTES;
        }

        long lastMillis(int at) {
            return ByteBuffer.wrap(bytes).getLong(at + LAST_MILLIS);
        }

        CodeDigests codes(int at) {
            int end = at + length(at);
            int first = at + ID + bytes[at + ID_LENGTH];
            byte[] current = Arrays.copyOfRange(bytes, first, first + DIGEST_BYTES);
            boolean isOnly = first + DIGEST_BYTES == end;
            return new CodeDigests(current, isOnly ? current : Arrays.copyOfRange(bytes, end - DIGEST_BYTES, end));
        }

        void count(int at, CodeDigests.Match match) {
            int count = at + (match == CodeDigests.Match.NEITHER ? REFUSED : ACCEPTED);
            ByteBuffer to = ByteBuffer.wrap(bytes);
            to.putInt(count, to.getInt(count) + 1).putLong(at + LAST_MILLIS, System.currentTimeMillis());
        }

        void add(Entry entry, CodeDigests codes) {
            int digests = codes.isNext(codes.current()) ? 1 : 2;
            int length = ID + entry.id.length + digests * DIGEST_BYTES;
            while (used + length > CAPACITY) {
                drop(oldest());
            }
            if (used + length > bytes.length) {
                bytes = Arrays.copyOf(bytes, used + length);
            }
            ByteBuffer to = ByteBuffer.wrap(bytes, used, length);
            to.put(entry.tag).put((byte) entry.id.length).put((byte) digests);
            to.putLong(0).putLong(0); // no requests
            to.put(entry.id).put(codes.current());
            if (digests > 1) {
                to.put(codes.next());
            }
            used += length;
        }

        /** Of entries without requests, which count as oldest, it is the one that was added first. */
        int oldest() {
            int oldest = 0;
            for (int at = 0; at < used; at += length(at)) {
                if (lastMillis(at) < lastMillis(oldest)) {
                    oldest = at;
                }
            }
            return oldest;
        }

        void drop(int at) {
            if (at >= 0) {
                int end = at + length(at);
                System.arraycopy(bytes, end, bytes, at, used - end);
                used -= end - at;
            }
        }
    }
}
