package dev.countersign.core.file;

import dev.countersign.core.Appended;
import dev.countersign.core.ClientId;
import dev.countersign.core.GroupCommit;
import dev.countersign.core.Past;
import dev.countersign.core.RequestKey;
import dev.countersign.core.Sync;
import dev.countersign.core.UnavailableException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;

/**
 * One schedule of the real queue, journal, keys and flusher: callers append, two or three of them the same keyed request,
 * while another thread closes the log, before they are done or after. The ring has room for four batches, so that it is
 * written over. The seed says whose turn it is.
 */
final class Schedule {

    /** What takes the batches: the store's code, or a fault that leads to a race. */
    enum Keys {
        RIGHT,
        /** A key is entered after its batch, and only what was entered is searched. */
        OF_EARLIER_BATCHES_ONLY
    }

    private static final Path DATA = Path.of("/home/data");
    private static final MessageFiles FILES = new MessageFiles(
            DATA.resolve("messages.journal"),
            Path.of("/home/logs/messages.jsonl"),
            Sync.ALWAYS,
            4 * JournalBatch.BLOCK_BYTES,
            8,
            Requests.NEVER_ROLLED);
    private static final Clock CLOCK = Clock.fixed(Instant.parse("2026-11-22T19:26:55Z"), ZoneOffset.UTC);
    private static final ClientId ALICE = new ClientId("alice");
    private static final String KEYED = "<keyed>";
    private static final int CALLERS = 3;
    private static final int REQUESTS = 3;

    private final Random random;
    private final Keys keys;
    private final ThreadGroup group = new ThreadGroup("schedule");
    private final Turns turns;
    private final ScheduleDisk disk;
    private final List<String> faults = Collections.synchronizedList(new ArrayList<>());
    private final Map<String, List<String>> receipts = new HashMap<>(); // by text; guarded by itself
    private final LogWriter log;

    static {
        // the thread that the JDK makes for delays is made here, not in the group of a schedule: it never ends
        CompletableFuture.delayedExecutor(1, TimeUnit.NANOSECONDS, Runnable::run)
                .execute(() -> {});
    }

    Schedule(long seed, ScheduleDisk.JournalFlush flush, Keys keys) throws IOException {
        random = new Random(seed);
        this.keys = keys;
        turns = new Turns(group, new Random(random.nextLong()));
        disk = new ScheduleDisk(FILES.journal(), flush, turns::await, faults::add);
        Checkpoint start = new Checkpoint(0, Journal.RING_START, 1, 0, 1, 0, 1, 0, 0);
        Journal.create(disk, FILES.journal(), FILES.ringBytes(), Sync.ALWAYS, 7, start)
                .close();
        log = new Start(disk, FILES, CLOCK, () -> 0).run(Past.NEW);
    }

    /** Runs it; returns what went wrong, a sentence each. */
    List<String> faults() throws IOException {
        new Thread(group, this::openAndClose, "closer").start();
        if (!turns.giveAll()) {
            faults.add("threads hang");
            return faults;
        }
        String lines = disk.read(FILES.log());
        receipts.forEach((text, all) -> {
            long logged = lines.lines().filter(line -> line.contains(text)).count();
            if (logged != 1) {
                faults.add(text + " was logged " + logged + " times");
            }
            if (all.stream().distinct().count() != 1) {
                faults.add(text + " was answered with several receipts: " + all);
            }
            if (!lines.contains("{\"receipt\":\"" + all.get(0) + "\"")) {
                faults.add("receipt " + all.get(0) + " is not in the log");
            }
        });
        return faults;
    }

    private void openAndClose() {
        Flusher flusher = new Flusher(log);
        GroupCommit<Append, Appended> commits = new GroupCommit<>("writer", CALLERS, Runnable::run, new Batches());
        List<Thread> callers = new ArrayList<>();
        for (int number = 0; number < CALLERS; number++) {
            int caller = number;
            int keyed = number < 2 ? 0 : random.nextInt(REQUESTS);
            callers.add(new Thread(group, () -> call(commits, caller, keyed), "caller-" + number));
        }
        int turnsBeforeClose = random.nextInt(3) == 0 ? random.nextInt(60) : Integer.MAX_VALUE;
        callers.forEach(Thread::start);
        for (int i = 0; i < turnsBeforeClose && callers.stream().anyMatch(Thread::isAlive); i++) {
            turns.await();
        }
        commits.close();
        flusher.close();
        try {
            log.close();
        } catch (IOException e) {
            faults.add("closing failed: " + e);
        }
    }

    private void call(GroupCommit<Append, Appended> commits, int caller, int keyed) {
        for (int i = 0; i < REQUESTS; i++) {
            String text = i == keyed ? KEYED : "<" + caller + "." + i + ">";
            Optional<RequestKey> key = i == keyed ? Optional.of(new RequestKey("k")) : Optional.empty();
            turns.await();
            try {
                commits.submit(Requests.message(ALICE, key, text))
                        .thenAccept(outcome -> answered(text, outcome)) // on the writer's thread, at once
                        .toCompletableFuture()
                        .join();
            } catch (CompletionException e) {
                boolean isClosed = e.getCause() instanceof UnavailableException closed && closed.getCause() == null;
                if (!isClosed) {
                    faults.add(text + " failed: " + e.getCause());
                }
                return;
            }
        }
    }

    private void answered(String text, Appended outcome) {
        if (!disk.hasFlushed(text)) {
            faults.add(text + " was answered before it was flushed");
        }
        String receipt = outcome instanceof Appended.Logged logged
                ? logged.receipts().get(0)
                : ((Appended.Repeated) outcome).receipts().get(0);
        synchronized (receipts) {
            receipts.computeIfAbsent(text, none -> new ArrayList<>()).add(receipt);
        }
    }

    private final class Batches implements GroupCommit.Sink<Append, Appended> {

        private final Map<KeyName, Appended> entered = new HashMap<>();

        @Override
        public List<Appended> commit(List<Append> requests) throws IOException {
            turns.await(); // the queue has given them away, and nothing is written yet
            return keys == Keys.RIGHT ? log.commit(requests) : commitByEarlierBatches(requests);
        }

        private List<Appended> commitByEarlierBatches(List<Append> requests) throws IOException {
            Append unkeyed = Requests.message(ALICE, Optional.empty(), KEYED);
            Iterator<Appended> logged = log.commit(requests.stream()
                            .filter(each -> earlier(each).isEmpty())
                            .map(each -> each.keyed().isPresent() ? unkeyed : each)
                            .toList())
                    .iterator();
            List<Appended> outcomes = requests.stream()
                    .map(each -> earlier(each).orElseGet(logged::next))
                    .toList();
            for (int i = 0; i < requests.size(); i++) {
                Appended outcome = outcomes.get(i);
                requests.get(i).keyed().ifPresent(keyed -> entered.put(keyed.name(), outcome));
            }
            return outcomes;
        }

        private Optional<Appended> earlier(Append request) {
            return request.keyed().flatMap(keyed -> Optional.ofNullable(entered.get(keyed.name())));
        }

        @Override
        public void probe() throws IOException {
            log.probe();
        }
    }
}
