package dev.countersign.core;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicIntegerArray;

/**
 * Who has which code. An id belongs to whoever registered it first, for good.
 *
 * <p>Safe for use by many threads; no call waits. Codes are kept as SHA-256 only: with 144 random bits in a code there
 * is nothing that a salt or a slow hash would protect.
 */
public final class Registry {

    /**
     * Heap that a cached code takes beside its id's characters: 190 bytes on a 64-bit JVM with compressed pointers, and
     * up to 16 of Caffeine's frequency sketch. A million clients with ids of 36 characters take 240 MB.
     */
    private static final int ENTRY_BYTES = 206;

    /** Compared against where an id is unknown, so that the comparison is the same; no digest equals it. */
    private static final byte[] NO_CODE = new byte[32];

    private static final CompletionStage<Boolean> ACCEPTED = CompletableFuture.completedStage(true);
    private static final CompletionStage<Boolean> NOT_ACCEPTED = CompletableFuture.completedStage(false);

    private final Registrations registrations;
    private final CodeGenerator codes;
    private final long cacheBytes;

    /**
     * Counts replaced codes, by the hash of their id. What began before a code was replaced may have the former one: it
     * goes into the cache only where the count is still the same.
     */
    private final AtomicIntegerArray replacements = new AtomicIntegerArray(256);

    /**
     * Replaced by an empty one when another process has changed the table. A look-up puts what it finds into the cache
     * that was there when it began: what a change has overtaken then goes where nobody reads.
     */
    private volatile Cache<ClientId, byte[]> cache;

    /** @param cacheBytes heap for the codes of the clients seen last, about */
    public Registry(Registrations registrations, CodeGenerator codes, long cacheBytes) {
        this.registrations = registrations;
        this.codes = codes;
        this.cacheBytes = cacheBytes;
        cache = emptyCache();
        registrations.onForeignChange(() -> cache = emptyCache());
    }

    /** As {@link #register(ClientId, Optional)} without a key. */
    public CompletionStage<Optional<Code>> register(ClientId id) {
        return register(id, Optional.empty());
    }

    /**
     * Registers an id. The same id and key again, within {@link Registrations#REPEATABLE}, get a new code, and the former
     * one ends: so a client whose answer was lost has its id all the same.
     *
     * @return its code once the registration is durable, or empty where the id is taken; fails as {@link Registrations}
     *     says
     */
    public CompletionStage<Optional<Code>> register(ClientId id, Optional<RequestKey> key) {
        Code code = codes.next();
        Registration registration = new Registration(id, code.sha256(), key.map(RequestKey::sha256));
        Cache<ClientId, byte[]> current = cache;
        int before = replacementsOf(id);
        return registrations.add(registration).thenApply(outcome -> switch (outcome) {
            case ADDED -> {
                putUnlessReplaced(current, id, registration.codeSha256(), before);
                yield Optional.of(code);
            }
            case REPLACED -> {
                forget(id); // not put: a later repeat may have been answered before this one
                yield Optional.of(code);
            }
            case TAKEN -> Optional.empty();
        });
    }

    /**
     * Whether this is the code of this id; false for an id that nobody registered. Answers at once for a client seen
     * lately. The comparison takes the same time in each case.
     *
     * @return fails as {@link Registrations} says
     */
    public CompletionStage<Boolean> accepts(ClientId id, Code code) {
        byte[] presented = code.sha256();
        Cache<ClientId, byte[]> current = cache;
        byte[] registered = current.getIfPresent(id);
        if (registered != null) {
            return MessageDigest.isEqual(registered, presented) ? ACCEPTED : NOT_ACCEPTED;
        }
        int before = replacementsOf(id);
        return registrations.findCodeSha256(id).thenApply(found -> {
            // an unknown id isn't kept: it may be registered any time
            found.ifPresent(sha256 -> putUnlessReplaced(current, id, sha256, before));
            return MessageDigest.isEqual(found.orElse(NO_CODE), presented);
        });
    }

    private void forget(ClientId id) {
        replacements.incrementAndGet(stripe(id)); // first: what is put meanwhile is then removed
        cache.invalidate(id);
    }

    /** Compares while it holds the entry, so that {@link #forget} comes before or after both. */
    private void putUnlessReplaced(Cache<ClientId, byte[]> current, ClientId id, byte[] sha256, int before) {
        current.asMap().compute(id, (same, cached) -> replacementsOf(id) == before ? sha256 : cached);
    }

    private int replacementsOf(ClientId id) {
        return replacements.get(stripe(id));
    }

    private int stripe(ClientId id) {
        int hash = id.hashCode();
        return (hash ^ hash >>> 8 ^ hash >>> 16) & replacements.length() - 1;
    }

    private Cache<ClientId, byte[]> emptyCache() {
        return Caffeine.newBuilder()
                .maximumWeight(cacheBytes)
                .weigher(
                        (ClientId id, byte[] sha256) -> ENTRY_BYTES + id.value().length())
                .executor(Runnable::run)
                .build();
    }
}
