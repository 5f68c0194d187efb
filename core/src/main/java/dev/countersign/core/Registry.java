package dev.countersign.core;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;

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

    /**
     * Registers an id.
     *
     * @return its code once the registration is durable, or empty where the id is taken; fails as {@link Registrations}
     *     says
     */
    public CompletionStage<Optional<Code>> register(ClientId id) {
        Code code = codes.next();
        Registration registration = new Registration(id, code.sha256());
        Cache<ClientId, byte[]> current = cache;
        return registrations.add(registration).thenApply(isFirst -> {
            if (!isFirst) {
                return Optional.empty();
            }
            current.put(id, registration.codeSha256());
            return Optional.of(code);
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
        return registrations.findCodeSha256(id).thenApply(found -> {
            found.ifPresent(
                    sha256 -> current.put(id, sha256)); // an unknown id isn't kept: it may be registered any time
            return MessageDigest.isEqual(found.orElse(NO_CODE), presented);
        });
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
