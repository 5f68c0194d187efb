package dev.countersign.core;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.LongAdder;

/**
 * Who has which code. An id belongs to whoever registered it first, for good.
 *
 * <p>Safe for use by many threads; no call waits. Codes are kept as SHA-256 only: with 144 random bits in a code there
 * is nothing that a salt or a slow hash would protect.
 */
public final class Registry {

    /**
     * Heap that a cached code takes beside its id's characters: 246 bytes on a 64-bit JVM with compressed pointers, and
     * up to 16 of Caffeine's frequency sketch. A million clients with ids of 36 characters take 300 MB.
     */
    private static final int ENTRY_BYTES = 262;

    /** Compared against where an id is unknown, so that the comparison is the same; no digest equals it. */
    private static final CodeDigests NO_CODE = new CodeDigests(new byte[32], new byte[32]);

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
    private volatile Cache<ClientId, Known> cache;

    private final LongAdder cacheHits = new LongAdder();
    private final LongAdder cacheMisses = new LongAdder();

    /**
     * What is kept of a client seen lately. Its requests are counted without a lock: of several at once one may count
     * alone.
     */
    private static final class Known {

        final CodeDigests codes;
        long lastMillis;
        int accepted;
        int refused;

        Known(CodeDigests codes) {
            this.codes = codes;
        }

        void count(boolean isAccepted) {
            lastMillis = System.currentTimeMillis();
            if (isAccepted) {
                accepted++;
            } else {
                refused++;
            }
        }
    }

    /**
     * What a client has sent since the server remembers it: since it started, the client's code changed, or others took the
     * room.
     *
     * @param accepted requests with the right code
     */
    public record Use(Instant last, int accepted, int refused) {}

    /** How often a code was found in memory, and how often it was looked up in the table. */
    public record CacheFigures(long hits, long misses) {}

    /** @param cacheBytes heap for the codes of the clients seen last, about */
    public Registry(Registrations registrations, CodeGenerator codes, long cacheBytes) {
        this.registrations = registrations;
        this.codes = codes;
        this.cacheBytes = cacheBytes;
        cache = emptyCache();
        registrations.onForeignChange(() -> cache = emptyCache(), this::forget);
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
        Cache<ClientId, Known> current = cache;
        int before = replacementsOf(id);
        return registrations.add(registration).thenApply(outcome -> switch (outcome) {
            case ADDED -> {
                CodeDigests digests = new CodeDigests(registration.codeSha256(), registration.codeSha256());
                putUnlessReplaced(current, id, new Known(digests), before);
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
     * Gives an id a new code. The former one is accepted until the new one has been used for the first time, so that a
     * lost answer locks nobody out.
     *
     * @return the new code once it is durable, or empty where the presented one is not the id's; fails as
     *     {@link Registrations} says
     */
    public CompletionStage<Optional<Code>> rotate(ClientId id, Code presented) {
        Code next = codes.next();
        return registrations.rotate(id, presented.sha256(), next.sha256()).thenApply(isRotated -> {
            forget(id);
            return isRotated ? Optional.of(next) : Optional.empty();
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
        Cache<ClientId, Known> current = cache;
        Known cached = current.getIfPresent(id);
        if (cached != null && registrations.mayUseKnownCodes()) {
            cacheHits.increment();
            return accepts(id, cached, presented);
        }
        cacheMisses.increment();
        int before = replacementsOf(id);
        return registrations.findCodes(id).thenCompose(found -> {
            Known known = new Known(found.orElse(NO_CODE));
            if (found.isPresent()) { // an unknown id isn't kept: it may be registered any time
                putUnlessReplaced(current, id, known, before);
            }
            return accepts(id, known, presented);
        });
    }

    private CompletionStage<Boolean> accepts(ClientId id, Known known, byte[] presented) {
        boolean isNext = known.codes.isNext(presented);
        boolean isCurrent = known.codes.isCurrent(presented);
        known.count(isCurrent || isNext);
        if (isCurrent) {
            return ACCEPTED;
        }
        return isNext ? promote(id, presented) : NOT_ACCEPTED;
    }

    /** Ends the former code before the new one is accepted. */
    private CompletionStage<Boolean> promote(ClientId id, byte[] presented) {
        return registrations.promote(id, presented).thenCompose(isPromoted -> {
            forget(id);
            // of several first uses at once, one promotes the code; the others find it promoted
            return isPromoted
                    ? ACCEPTED
                    : registrations
                            .findCodes(id)
                            .thenApply(found -> found.orElse(NO_CODE).isCurrent(presented));
        });
    }

    /**
     * Gives an id a new code, without its former one, which ends now.
     *
     * @return the new code once it is durable, or empty where the id is not registered, or revoked
     */
    public CompletionStage<Optional<Code>> replace(ClientId id) {
        Code code = codes.next();
        return registrations.replace(id, code.sha256()).thenApply(isReplaced -> {
            forget(id);
            return isReplaced ? Optional.of(code) : Optional.empty();
        });
    }

    /** Ends every code of an id, now and for good; false where the id is not registered, or revoked already. */
    public CompletionStage<Boolean> revoke(ClientId id) {
        return registrations.revoke(id).thenApply(isRevoked -> {
            forget(id);
            return isRevoked;
        });
    }

    /** As {@link Registrations#list}. */
    public List<Registrations.Stored> list(String after, int limit) throws IOException {
        return registrations.list(after, limit);
    }

    /** What is remembered of an id's use; empty where nothing is. */
    public Optional<Use> use(ClientId id) {
        return Optional.ofNullable(cache.policy().getIfPresentQuietly(id))
                .filter(known -> known.lastMillis > 0)
                .map(known -> new Use(Instant.ofEpochMilli(known.lastMillis), known.accepted, known.refused));
    }

    public CacheFigures cacheFigures() {
        return new CacheFigures(cacheHits.sum(), cacheMisses.sum());
    }

    /** Of the changes to the table. */
    public GroupCommit.Figures figures() {
        return registrations.figures();
    }

    private void forget(ClientId id) {
        replacements.incrementAndGet(stripe(id)); // first: what is put meanwhile is then removed
        cache.invalidate(id);
    }

    /** Compares while it holds the entry, so that {@link #forget} comes before or after both. */
    private void putUnlessReplaced(Cache<ClientId, Known> current, ClientId id, Known known, int before) {
        current.asMap().compute(id, (same, cached) -> replacementsOf(id) == before ? known : cached);
    }

    private int replacementsOf(ClientId id) {
        return replacements.get(stripe(id));
    }

    private int stripe(ClientId id) {
        int hash = id.hashCode();
        return (hash ^ hash >>> 8 ^ hash >>> 16) & replacements.length() - 1;
    }

    private Cache<ClientId, Known> emptyCache() {
        return Caffeine.newBuilder()
                .maximumWeight(cacheBytes)
                .weigher((ClientId id, Known known) -> ENTRY_BYTES + id.value().length())
                .executor(Runnable::run)
                .build();
    }
}
