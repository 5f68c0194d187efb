package dev.countersign.core.file;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Cuts the power at points drawn from a seed of what a real server was recorded to do: {@link RecordedImages}. Run by the
 * test that records, as a program:
 *
 * <pre>java … RecordedPowerCut RECORDING SEED SCRATCH_FOLDER RUN…</pre>
 *
 * A run is the number of images and what is left out, as in {@code 2000:none}, {@code 2000:messages.journal},
 * {@code 2000:none:no-checksums}: see {@link Replay#flush}; {@code 2000:each} leaves out each kind of flush that the
 * runs before met, one at a time. Prints how many faults each has, and how many promises went out too early; a run ends at
 * its first fault.
 */
public final class RecordedPowerCut {

    private static final int MAX_CHUNK_IMAGES = 500;

    private final Recorded recorded;
    private final long seed;
    private final Path scratch;
    private final Set<String> flushes = new ConcurrentSkipListSet<>();
    private final int processors = Runtime.getRuntime().availableProcessors();
    private final ExecutorService threads = Executors.newFixedThreadPool(processors);

    private RecordedPowerCut(Recorded recorded, long seed, Path scratch) {
        this.recorded = recorded;
        this.seed = seed;
        this.scratch = scratch;
    }

    public static void main(String[] arguments) throws Exception {
        Recorded recorded = Recorded.read(Path.of(arguments[0]));
        Promises promises = recorded.promises();
        List<String> early = promises.faults();
        System.out.printf(
                Locale.ROOT,
                "%d operations, %d messages and %d codes granted%n",
                recorded.recording().steps().size(),
                promises.messages().size(),
                promises.codes().size());
        System.out.printf("ring: %d rounds%n", recorded.recording().timesRound());
        System.out.printf("rolls: %d files%n", recorded.recording().rolls());
        System.out.printf(
                "rotations: %d codes%n",
                recorded.codeChanges().values().stream()
                        .mapToInt(Recorded.CodeChanges::rotations)
                        .sum());
        System.out.printf("promises: %d faults %s%n", early.size(), early.subList(0, Math.min(3, early.size())));
        RecordedPowerCut cuts = new RecordedPowerCut(recorded, Long.parseLong(arguments[1]), Path.of(arguments[2]));
        try {
            for (String run : List.of(arguments).subList(3, arguments.length)) {
                int colon = run.indexOf(':');
                int images = Integer.parseInt(run.substring(0, colon));
                String leftOut = run.substring(colon + 1);
                for (String each : leftOut.equals("each") ? List.copyOf(cuts.flushes) : List.of(leftOut)) {
                    cuts.run(images, each);
                }
            }
        } finally {
            cuts.threads.shutdownNow();
        }
    }

    private void run(int images, String leftOut) throws Exception {
        long start = System.nanoTime();
        AtomicInteger made = new AtomicInteger();
        AtomicLong checked = new AtomicLong();
        List<String> faults = Collections.synchronizedList(new ArrayList<>());
        List<Future<?>> chunks = new ArrayList<>();
        int chunkImages = Math.min(MAX_CHUNK_IMAGES, (images + processors - 1) / processors);
        for (int chunk = 0; chunk * chunkImages < images; chunk++) {
            int number = chunk;
            int count = Math.min(chunkImages, images - chunk * chunkImages);
            chunks.add(threads.submit(() -> {
                if (faults.isEmpty()) {
                    RecordedImages some = chunk(number, leftOut, faults);
                    some.make(count);
                    print(
                            leftOut + " so far",
                            made.addAndGet(some.images()),
                            checked.addAndGet(some.checked()),
                            start,
                            faults);
                }
                return null;
            }));
        }
        for (Future<?> each : chunks) {
            each.get();
        }
        print(leftOut, made.get(), checked.get(), start, faults);
    }

    private RecordedImages chunk(int number, String leftOut, List<String> faults) throws Exception {
        String flush = leftOut.replace(":no-checksums", "");
        return new RecordedImages(
                recorded,
                seed << 20 | number,
                each -> {
                    flushes.add(each);
                    return flush.equals("all") || flush.equals(each);
                },
                !flush.equals(leftOut),
                Files.createDirectories(scratch.resolve("chunk-" + number)),
                faults);
    }

    private static void print(String run, int images, long checked, long startNanos, List<String> faults) {
        System.out.printf(
                Locale.ROOT,
                "%s: %d faults in %d images, %d promises looked for, %.1f s %s%n",
                run,
                faults.size(),
                images,
                checked,
                (System.nanoTime() - startNanos) / 1e9,
                List.copyOf(faults));
    }
}
