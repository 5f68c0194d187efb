package dev.countersign.core;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.core.CodeDigests.Match;
import java.lang.management.ManagementFactory;
import java.lang.ref.Reference;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class CodeCacheTest {

    private static final ClientId ALICE = new ClientId("alice");

    /** An eighth of a heap of 1 GB has this many for each of a million clients. */
    private static final int BYTES_PER_CLIENT = (1 << 30) / 8 / 1_000_000;

    @Test
    void aMillionClientsFitInAnEighthOfAGigabyte() {
        List<ClientId> clients = clients(100_000);
        Supplier<CodeCache> filled = () -> filled((long) BYTES_PER_CLIENT * clients.size(), clients);
        long bytes = heapOf(filled);
        CodeCache cache = filled.get();
        long cached = clients.stream().filter(id -> isCached(cache, id)).count();
        assertTrue(cached > 0.99 * clients.size(), cached + " cached");
        assertTrue(bytes < 200L * clients.size(), bytes + " bytes"); // 90 each; as objects in a map, 300
    }

    @Test
    void aFewClientsDoNotTakeTheMemoryOfAMillion() {
        List<ClientId> clients = clients(500);
        Supplier<CodeCache> filled = () -> filled(1_000_000L * BYTES_PER_CLIENT, clients);
        long bytes = heapOf(filled);
        CodeCache cache = filled.get();
        assertTrue(bytes < 16_000_000, bytes + " bytes"); // of 134,000,000
        assertTrue(clients.stream().allMatch(id -> isCached(cache, id)));
    }

    @Test
    void moreClientsThanFitTakeNoMoreMemoryAndTheLastOnesAreCached() {
        int limit = 2_000_000;
        List<ClientId> clients = clients(100_000);
        CodeCache cache = filled(limit, clients);
        long cached = clients.stream().filter(id -> isCached(cache, id)).count();
        int entryBytes = 36 + 32; // at least: the id and the digest
        assertTrue(cached > limit / 2 / entryBytes && cached < limit / entryBytes, cached + " cached");
        assertTrue(
                clients.subList(clients.size() - 1_000, clients.size()).stream().allMatch(id -> isCached(cache, id)));
    }

    @Test
    void itAnswersAsAPlainMapWould() {
        Random random = new Random(1);
        CodeCache cache = new CodeCache(1_000_000);
        Map<ClientId, CodeDigests> codes = new HashMap<>();
        Map<ClientId, int[]> requests = new HashMap<>();
        List<ClientId> ids = IntStream.rangeClosed(1, ClientId.MAX_LENGTH)
                .boxed()
                .flatMap(length -> Stream.of("a", "b", "z").map(last -> new ClientId("a".repeat(length - 1) + last)))
                .toList();
        for (int i = 1; i < 200_000; i++) {
            ClientId id = ids.get(random.nextInt(ids.size()));
            CodeCache.Entry entry = cache.entry(id);
            switch (random.nextInt(4)) {
                case 0 -> {
                    CodeDigests put = random.nextBoolean() ? digests(i) : new CodeDigests(digest(i), digest(-i));
                    put(cache, id, put);
                    assertEquals(Optional.empty(), entry.use());
                    codes.put(id, put);
                    requests.put(id, new int[2]);
                }
                case 1 -> {
                    entry.remove();
                    codes.remove(id);
                    requests.remove(id);
                }
                default -> assertMatch(entry, codes.get(id), digest(random.nextInt(i)), requests.get(id));
            }
            if (codes.containsKey(id)) {
                assertMatch(entry, codes.get(id), codes.get(id).current(), requests.get(id));
                assertMatch(entry, codes.get(id), codes.get(id).next(), requests.get(id));
            }
        }
    }

    /** @param requests accepted and refused ones */
    private static void assertMatch(CodeCache.Entry entry, CodeDigests codes, byte[] presented, int[] requests) {
        Optional<CodeDigests> expected = Optional.ofNullable(codes);
        assertEquals(expected.map(each -> each.match(presented)), entry.check(presented));
        expected.ifPresent(each -> requests[each.match(presented) == Match.NEITHER ? 1 : 0]++);
        Optional<Registry.Use> use = entry.use();
        assertEquals(
                expected.map(each -> List.of(requests[0], requests[1])),
                use.map(counted -> List.of(counted.accepted(), counted.refused())));
        use.ifPresent(counted -> assertTrue(counted.last().isAfter(Instant.now().minusSeconds(60))));
    }

    @Test
    void whoSentNothingGoesFirstThenWhoHasBeenSilentLongest() {
        CodeCache cache = new CodeCache(1); // one bucket, for 23 of these
        List<ClientId> senders = clients(22);
        for (ClientId each : senders) {
            put(cache, each, digests(1));
            cache.entry(each).count(Match.CURRENT);
            long millis = System.currentTimeMillis();
            while (System.currentTimeMillis() == millis) {
                Thread.onSpinWait(); // so that no two sent in the same millisecond
            }
        }
        clients(100).forEach(newcomer -> put(cache, newcomer, digests(1)));
        cache.entry(senders.get(0)).count(Match.NEITHER);
        List<ClientId> newcomers = clients(2);
        for (ClientId newcomer : newcomers) {
            put(cache, newcomer, digests(1));
            cache.entry(newcomer).count(Match.CURRENT);
        }
        assertFalse(isCached(cache, senders.get(1)));
        assertTrue(isCached(cache, senders.get(0)));
        assertTrue(senders.subList(2, 22).stream().allMatch(id -> isCached(cache, id)));
        assertTrue(newcomers.stream().allMatch(id -> isCached(cache, id)));
    }

    @Test
    void aLookUpThatARemovalOvertakesCannotPutItsResult() {
        CodeCache cache = new CodeCache(100_000);
        CodeCache.Entry entry = cache.entry(ALICE);
        int removals = entry.removals();
        cache.entry(ALICE).remove(); // though nothing is cached
        entry.put(digests(1), removals);
        assertFalse(isCached(cache, ALICE));
    }

    /** Three threads put what they saw before; the fourth changes codes, and removes the former ones from the cache. */
    @Test
    void noRemovalIsUndoneByLookUpsThatRaceWithIt() throws Exception {
        CodeCache cache = new CodeCache(1);
        CodeDigests[] table = {digests(0)};
        AtomicBoolean isOver = new AtomicBoolean();
        Callable<Long> lookUps = () -> {
            long put = 0;
            while (!isOver.get()) {
                CodeCache.Entry entry = cache.entry(ALICE);
                int removals = entry.removals();
                CodeDigests found;
                synchronized (table) {
                    found = table[0];
                }
                entry.put(found, removals);
                put++;
            }
            return put;
        };
        Callable<Long> changes = () -> {
            try {
                long met = 0;
                for (int i = 1; i <= 200_000; i++) {
                    synchronized (table) {
                        table[0] = digests(i);
                    }
                    cache.entry(ALICE).remove();
                    Optional<Match> cached = cache.entry(ALICE).check(digest(i));
                    if (cached.isPresent()) {
                        assertEquals(Match.CURRENT, cached.get());
                        met++;
                    }
                }
                return met;
            } finally {
                isOver.set(true);
            }
        };
        List<Long> counts = inParallel(List.of(lookUps, lookUps, lookUps, changes));
        assertTrue(counts.stream().allMatch(count -> count > 0), counts.toString());
    }

    /** All in one bucket, which is always full. */
    @Test
    void whileManyPutRemoveAndCountNobodyGetsAnotherIdsCodes() throws Exception {
        CodeCache cache = new CodeCache(1);
        List<ClientId> ids = IntStream.range(0, 60)
                .mapToObj(i -> new ClientId("i".repeat(1 + i % 20) + i))
                .toList();
        Callable<Long> worker = () -> {
            SplittableRandom random = new SplittableRandom();
            long found = 0;
            for (int i = 0; i < 300_000; i++) {
                int number = random.nextInt(ids.size());
                CodeCache.Entry entry = cache.entry(ids.get(number));
                switch (random.nextInt(8)) {
                    case 0 -> entry.remove();
                    case 1 -> entry.put(digests(number), entry.removals());
                    case 2 -> entry.put(new CodeDigests(digest(number), digest(-number)), entry.removals());
                    case 3 -> entry.count(Match.CURRENT);
                    default -> {
                        Optional<Match> match = entry.check(digest(number));
                        if (match.isPresent()) {
                            found++;
                            assertEquals(Match.CURRENT, match.get());
                        }
                    }
                }
            }
            return found;
        };
        for (long found : inParallel(Collections.nCopies(4, worker))) {
            assertTrue(found > 1_000, found + " found");
        }
    }

    private static <T> List<T> inParallel(List<Callable<T>> callers) throws Exception {
        ExecutorService threads = Executors.newFixedThreadPool(callers.size());
        List<T> results = new ArrayList<>();
        for (Future<T> each : threads.invokeAll(callers)) {
            results.add(each.get());
        }
        threads.shutdown();
        return results;
    }

    private static void put(CodeCache cache, ClientId id, CodeDigests codes) {
        CodeCache.Entry entry = cache.entry(id);
        entry.put(codes, entry.removals());
    }

    private static boolean isCached(CodeCache cache, ClientId id) {
        return cache.entry(id).check(digest(0)).isPresent();
    }

    /** With ids of 36 characters. */
    private static List<ClientId> clients(int count) {
        return Stream.generate(() -> new ClientId(UUID.randomUUID().toString()))
                .limit(count)
                .toList();
    }

    private static CodeDigests digests(int number) {
        byte[] digest = digest(number);
        return new CodeDigests(digest, digest);
    }

    private static byte[] digest(int number) {
        return Code.sha256(ByteBuffer.allocate(Integer.BYTES).putInt(number).array());
    }

    private static CodeCache filled(long bytes, List<ClientId> clients) {
        CodeCache cache = new CodeCache(bytes);
        CodeDigests codes = digests(1);
        clients.forEach(id -> put(cache, id, codes));
        return cache;
    }

    /** The median of several measurements: what other tests have left in this JVM may be freed during any of them. */
    private static long heapOf(Supplier<CodeCache> filled) {
        return LongStream.generate(() -> heapOfOne(filled))
                .limit(5)
                .sorted()
                .skip(2)
                .findFirst()
                .getAsLong();
    }

    private static long heapOfOne(Supplier<CodeCache> filled) {
        long before = usedHeap();
        CodeCache cache = filled.get();
        long bytes = usedHeap() - before;
        Reference.reachabilityFence(cache);
        return bytes;
    }

    private static long usedHeap() {
        System.gc();
        return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
    }
}
