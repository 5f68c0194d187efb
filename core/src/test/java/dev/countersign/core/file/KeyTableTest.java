package dev.countersign.core.file;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class KeyTableTest {

    private long receipt;

    @Test
    void itRemembersAsAPlainMapWould() {
        Random random = new Random(1);
        KeyTable table = new KeyTable(200);
        Map<Digest, List<KeyEntry>> model = new LinkedHashMap<>(16, 0.75f, true); // in order of last use
        for (int i = 0; i < 50_000; i++) {
            Digest id = digest(random.nextInt(random.nextInt(10) == 0 ? 400 : random.nextBoolean() ? 40 : 4));
            KeyEntry entry = entry(id, digest(i));
            table.enter(entry);
            List<KeyEntry> own = model.computeIfAbsent(id, none -> new ArrayList<>());
            own.add(entry);
            if (own.size() > 15) {
                assertEquals(Optional.empty(), table.find(own.remove(0).name()));
            }
            while (model.values().stream().mapToInt(List::size).sum() > 200 && model.size() > 200 / 8) {
                Digest silent = model.keySet().iterator().next();
                for (KeyEntry forgotten : model.remove(silent)) {
                    assertEquals(Optional.empty(), table.find(forgotten.name()));
                }
            }
            if (i % 97 == 0) {
                model.values()
                        .forEach(all -> all.forEach(each -> assertEquals(Optional.of(each), table.find(each.name()))));
                assertEquals(model.values().stream().mapToInt(List::size).sum(), table.size());
            }
        }
    }

    @Test
    void aWalkMeetsEachIdOnceInOrderThoughEntriesComeMeanwhile() {
        KeyTable table = new KeyTable(1000);
        for (int i = 0; i < 300; i++) {
            table.enter(entry(digest(i % 60), digest(i)));
        }
        long before = receipt;
        table.startWalk();
        Map<Digest, List<Long>> met = new HashMap<>();
        Random random = new Random(2);
        while (table.walk(
                5,
                each -> met.computeIfAbsent(each.name().id(), none -> new ArrayList<>())
                        .add(each.receipt()))) {
            table.enter(entry(digest(random.nextInt(80)), digest(receipt + 1000)));
        }
        for (int id = 0; id < 60; id++) {
            List<Long> own = met.get(digest(id));
            assertEquals(own.stream().sorted().distinct().toList(), own);
            assertTrue(own.stream().anyMatch(each -> each <= before));
        }
    }

    @Test
    void aFullTableOfOneEntryAnIdTakesLessThanAnEighthOfAGigabyte() {
        long used = used();
        KeyTable table = new KeyTable(800_000);
        Random random = new Random(3);
        for (int i = 0; i < 800_000; i++) {
            table.enter(entry(new Digest(random.nextLong(), random.nextLong()), digest(i)));
        }
        long bytes = used() - used;
        assertEquals(800_000, table.size());
        assertTrue(bytes < 800_000L * KeyTable.BYTES_PER_ENTRY, bytes / 800_000 + " bytes an entry");
        assertTrue(KeyTable.BYTES_PER_ENTRY * 800_000L < (1 << 30) / 8, "an eighth of a gigabyte");
    }

    @Test
    void anEighthOfTheTotalOfIdsHasAllThatEachMayHave() {
        KeyTable table = new KeyTable(800_000);
        long used = used();
        for (int i = 0; i < 100_000 * 15; i++) {
            table.enter(entry(new Digest(i % 100_000 * 0x9e3779b97f4a7c15L, i % 100_000), digest(i)));
        }
        assertEquals(100_000 * 15, table.size());
        assertTrue(used() - used < 800_000L * KeyTable.BYTES_PER_ENTRY, (used() - used) / 800_000 + " bytes an entry");
    }

    private static long used() {
        System.gc();
        return Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory();
    }

    private KeyEntry entry(Digest id, Digest key) {
        return new KeyEntry(new KeyName(id, key), new Digest(receipt, 7), ++receipt, receipt * 3, 1);
    }

    private static Digest digest(long number) {
        return new Digest(number % 16, number); // many fall on the same place
    }
}
