package dev.countersign.core;

import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.atomic.LongAdder;

/**
 * Registers ids and checks their codes. An id belongs to whoever registered it first, for good.
 *
 * <p>Safe for use by many threads; no call blocks. Only the SHA-256 of a code is kept: a code has 144 random bits, so a salt
 * or a slow hash would add nothing.
 */
public final class Registry {

    /** Used for an unknown id, so that the comparison takes the same time; no digest equals it. */
    private static final CodeDigests NO_CODE = new CodeDigests(new byte[32], new byte[32]);

    private static final CompletionStage<Boolean> ACCEPTED = CompletableFuture.completedStage(true);
    private static final CompletionStage<Boolean> NOT_ACCEPTED = CompletableFuture.completedStage(false);

    private final Registrations registrations;
    private final CodeGenerator codes;
    private final long cacheBytes;

    /**
     * Replaced by an empty one when another process has changed the table. A lookup puts its result into the cache that
     * was current when it began. So an outdated result goes into a cache that nobody reads any more.
     */
    private volatile CodeCache cache;

    private final LongAdder cacheHits = new LongAdder();
    private final LongAdder cacheMisses = new LongAdder();

    /**
     * A client's requests since its entry in the cache began: at the start of the server, a change of the client's
     * code, or its first request after its entry was evicted.
     *
     * @param accepted requests with the right code, except those refused later
     * @param refused requests with a wrong code, and those of {@link #refuseAccepted}
     */
    public record Use(Instant last, int accepted, int refused) {}

    /** How often a code was found in the cache, and how often it was looked up in the table. */
    public record CacheFigures(long hits, long misses) {}

    /** @param cacheBytes the most heap for cached codes */
    public Registry(Registrations registrations, CodeGenerator codes, long cacheBytes) {
        this.registrations = registrations;
        this.codes = codes;
        this.cacheBytes = cacheBytes;
        cache = new CodeCache(cacheBytes);
        registrations.onChange(
                () -> cache = new CodeCache(cacheBytes), id -> cache.entry(id).remove());
    }

    /** As {@link #register(ClientId, Optional)} without a key. */
    public CompletionStage<Optional<Code>> register(ClientId id) {
        return register(id, Optional.empty());
    }

    /**
     * Registers an id. A repeat with the same id and key within {@link Registrations#REPEATABLE} gets a new code, and
     * the former one ends. So a client whose answer was lost can still get its id.
     *
     * @return the code, when the registration is durable; empty if the id is taken. Fails like {@link Registrations}
     */
    public CompletionStage<Optional<Code>> register(ClientId id, Optional<RequestKey> key) {
        Code code = codes.next();
        Registration registration = new Registration(id, code.sha256(), key.map(RequestKey::sha256));
        CodeCache.Entry entry = cache.entry(id);
        int removals = entry.removals();
        return registrations.add(registration).thenApply(outcome -> switch (outcome) {
            case ADDED -> {
                entry.put(new CodeDigests(registration.codeSha256(), registration.codeSha256()), removals);
                yield Optional.of(code);
            }
            case REPLACED -> Optional.of(code); // not cached: a later repeat may have been answered before this one
            case TAKEN -> Optional.empty();
        });
    }

    /**
     * Gives an id a new code. The former code is accepted until the new one is used for the first time, so that a lost
     * answer locks nobody out.
     *
     * @return the new code, when it is durable; empty if the presented code is not the id's. Fails like
     *     {@link Registrations}
     */
    public CompletionStage<Optional<Code>> rotate(ClientId id, Code presented) {
        Code next = codes.next();
        return registrations
                .rotate(id, presented.sha256(), next.sha256())
                .thenApply(isRotated -> isRotated ? Optional.of(next) : Optional.empty());
    }

    /**
     * Whether the code belongs to the id; false for an unknown id. Completes at once for a cached client. The
     * comparison takes the same time in each case.
     *
     * @return fails like {@link Registrations}
     */
    public CompletionStage<Boolean> accepts(ClientId id, Code code) {
        byte[] presented = code.sha256();
        CodeCache.Entry entry = cache.entry(id);
        Optional<CodeDigests.Match> cached =
                registrations.mayUseKnownCodes() ? entry.check(presented) : Optional.empty();
        if (cached.isPresent()) {
            cacheHits.increment();
            return accepts(id, cached.get(), presented);
        }
        cacheMisses.increment();
        int removals = entry.removals();
        return registrations.findCodes(id).thenCompose(found -> {
            // unknown ids aren't cached: they may be registered any time
            found.ifPresent(codes -> entry.put(codes, removals));
            CodeDigests.Match match = found.orElse(NO_CODE).match(presented);
            entry.count(match);
            return accepts(id, match, presented);
        });
    }

    private CompletionStage<Boolean> accepts(ClientId id, CodeDigests.Match match, byte[] presented) {
        return switch (match) {
            case CURRENT -> ACCEPTED;
            case NEXT -> promote(id, presented);
            case NEITHER -> NOT_ACCEPTED;
        };
    }

    /** Counts a request as refused that was accepted by its code, and is beyond a limit of its id. */
    public void refuseAccepted(ClientId id) {
        cache.entry(id).refuseAccepted();
    }

    /** Makes the new code the current one, which ends the former code, before it is accepted. */
    private CompletionStage<Boolean> promote(ClientId id, byte[] presented) {
        return registrations.promote(id, presented).thenCompose(isPromoted -> {
            if (isPromoted) {
                return ACCEPTED;
            }
            // another first use at the same time has promoted the code, perhaps at another server
            cache.entry(id).remove();
            return registrations
                    .findCodes(id)
                    .thenApply(found -> found.orElse(NO_CODE).isCurrent(presented));
        });
    }

    /**
     * Gives an id a new code. The former code is not needed, and ends at once.
     *
     * @return the new code, when it is durable; empty if the id is not registered, or revoked
     */
    public CompletionStage<Optional<Code>> replace(ClientId id) {
        Code code = codes.next();
        return registrations
                .replace(id, code.sha256())
                .thenApply(isReplaced -> isReplaced ? Optional.of(code) : Optional.empty());
    }

    /** Ends all codes of an id at once and for good; false if the id is not registered, or revoked already. */
    public CompletionStage<Boolean> revoke(ClientId id) {
        return registrations.revoke(id);
    }

    /** The requests of an id; empty if none are remembered. */
    public Optional<Use> use(ClientId id) {
        return cache.entry(id).use();
    }

    public CacheFigures cacheFigures() {
        return new CacheFigures(cacheHits.sum(), cacheMisses.sum());
    }
}
