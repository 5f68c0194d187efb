package dev.countersign.core.file;

import static dev.countersign.core.file.LeftLines.expect;

import dev.countersign.core.Appended;
import dev.countersign.core.ClientId;
import dev.countersign.core.CodeDigests;
import dev.countersign.core.Past;
import dev.countersign.core.Registration;
import dev.countersign.core.Registrations;
import dev.countersign.core.RequestKey;
import dev.countersign.core.StartupException;
import dev.countersign.core.Sync;
import dev.countersign.core.file.LeftLines.Line;
import dev.countersign.core.file.Recorded.Granted;
import dev.countersign.core.file.Recorded.Keyed;
import dev.countersign.core.sql.SqlRegistrations;
import dev.countersign.core.sql.SqliteDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.zip.CRC32C;

/**
 * Replays a recording once, cuts the power at points drawn from a seed, starts the store on each image of what that
 * leaves, and looks for what the server had promised by then. Ends at the first fault, whose image is kept with the
 * recording: what the cut left, and what the start made of it.
 */
final class RecordedImages {

    private static final int REMEMBERED = 8;

    private final Recorded recorded;
    private final Recording recording;
    private final Promises promises;
    private final Predicate<String> leftOut;
    private final boolean noChecksums;
    private final Path scratch;
    private final long seed;
    private final Random random;
    private final LeftLines lines;
    private final List<String> faults;
    private int images;
    private long checked;

    /**
     * @param leftOut flushes that do nothing, by {@link Replay#flush}
     * @param noChecksums whether each record of the journal passes its check
     * @param scratch a folder for the database, whose files are removed
     * @param faults gets what is found; others may add to it: no more images are made then
     */
    RecordedImages(
            Recorded recorded,
            long seed,
            Predicate<String> leftOut,
            boolean noChecksums,
            Path scratch,
            List<String> faults) {
        this.recorded = recorded;
        recording = recorded.recording();
        promises = recorded.promises();
        this.leftOut = leftOut;
        this.noChecksums = noChecksums;
        this.scratch = scratch;
        this.seed = seed;
        this.faults = faults;
        random = new Random(seed);
        // nobody mends a file that was set aside
        lines = new LeftLines(recording.logs(), file -> !file.equals(recording.log()));
        recorded.granted().forEach(each -> each.line().ifPresent(lines::known));
    }

    int images() {
        return images;
    }

    /** Acknowledged messages and registrations that were looked for in the images. */
    long checked() {
        return checked;
    }

    /** Cuts the power so many times. */
    void make(int count) throws IOException {
        int[] points = points(count);
        Replay replay = new Replay(recording, random.nextLong(), leftOut);
        int next = 0;
        int life = 0;
        for (int step = 0; step < recording.steps().size() && faults.isEmpty(); step++) {
            for (; next < points.length && points[next] == step && faults.isEmpty(); next++) {
                cut(replay.disk(), step, random.nextLong());
            }
            replay.take(step);
            while (life < recording.lives().size() && recording.lives().get(life) == step + 1) {
                life++;
                Path killed = recorded.folder().resolve("killed-" + life);
                boolean wasKilled = Files.exists(killed);
                Path end = wasKilled ? killed : recorded.folder().resolve("stopped-" + life);
                replay.endLife(recording.kept(end), wasKilled);
            }
        }
    }

    /** One in four is in a start, which is short. */
    private int[] points(int count) {
        List<Integer> starts = recording.startSteps();
        return IntStream.generate(() -> random.nextInt(4) == 0
                        ? starts.get(random.nextInt(starts.size()))
                        : random.nextInt(recording.steps().size()))
                .limit(count)
                .sorted()
                .toArray();
    }

    private void cut(PowerCutDisk disk, int step, long imageSeed) throws IOException {
        PowerCutDisk image = disk.powerCut(imageSeed);
        try {
            dropNamesWithoutFolder(image);
            images++;
            Past past = checkDatabase(image, step);
            Optional<PowerCutDisk> second = Optional.empty();
            if (random.nextInt(3) == 0) {
                second = cutAgain(image, past);
            }
            checkMessages(image, past, step);
            if (second.isPresent()) {
                images++;
                image = second.get();
                checkMessages(image, past, step);
            }
        } catch (StartupException | IOException | IllegalStateException | CompletionException e) {
            faults.add("seed " + seed + ", image " + imageSeed + ", cut before step " + step + " "
                    + describe(recording.steps().get(step)) + ": " + e);
            Path kept = recorded.folder().resolve("fault-" + imageSeed);
            keep(disk.powerCut(imageSeed), kept.resolve("cut"));
            keep(image, kept.resolve("started")); // after a second cut, if there was one
        }
    }

    private void keep(PowerCutDisk image, Path to) throws IOException {
        for (Path folder : List.of(recording.data(), recording.logs())) {
            Path copy = Files.createDirectories(to.resolve(recording.home().relativize(folder)));
            for (Path file : image.list(folder)) {
                Files.write(copy.resolve(file.getFileName()), image.read(file));
            }
        }
    }

    private static String describe(Recording.Step step) {
        return step.kind() + " " + step.path().getFileName();
    }

    /** A file whose folder has no name on the disk is lost with it. */
    private void dropNamesWithoutFolder(PowerCutDisk image) throws IOException {
        for (Path each : List.of(recording.data(), recording.logs())) {
            if (image.stat(each).isEmpty()) {
                for (Path file : image.list(each)) {
                    image.delete(file);
                }
            }
        }
    }

    /** Between two registrations many images have the same files of the database, and need one start. */
    private Past checkDatabase(PowerCutDisk image, int step) throws IOException {
        String files = checksum(image) + " and " + grantedCodes(step);
        Past past = recorded.databases().get(files);
        if (past == null) {
            SqliteDatabase database = SqliteDatabase.open(copyDatabase(image), Sync.ALWAYS);
            past = database.past();
            try (SqlRegistrations registrations =
                    new SqlRegistrations(database, Duration.ZERO, 4096, Runnable::run, recorded.clock())) {
                checkRegistrations(registrations, step);
            }
            recorded.databases().put(files, past);
        }
        return past;
    }

    private String checksum(PowerCutDisk image) throws IOException {
        CRC32C crc = new CRC32C();
        StringBuilder all = new StringBuilder();
        for (Path file : databaseFiles(image)) {
            byte[] bytes = image.read(file);
            crc.update(bytes);
            all.append(file.getFileName()).append(bytes.length).append('/').append(crc.getValue());
        }
        return all.toString();
    }

    private long grantedCodes(int step) {
        return promises.codes().values().stream()
                .flatMap(List::stream)
                .filter(each -> each.step() < step)
                .count();
    }

    private List<Path> databaseFiles(PowerCutDisk image) {
        String name = recording.database().getFileName().toString();
        return image.list(recording.data()).stream()
                .filter(file -> file.getFileName().toString().startsWith(name))
                .toList();
    }

    /** SQLite needs real files. */
    private Path copyDatabase(PowerCutDisk image) throws IOException {
        try (Stream<Path> files = Files.list(scratch)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
        }
        for (Path file : databaseFiles(image)) {
            Files.write(scratch.resolve(file.getFileName()), image.read(file));
        }
        return scratch.resolve(recording.database().getFileName());
    }

    private void checkRegistrations(Registrations registrations, int step) {
        Map<String, CompletableFuture<Optional<CodeDigests>>> found = new HashMap<>();
        promises.codes().forEach((id, granted) -> {
            if (granted.get(0).step() < step) {
                found.put(id, registrations.findCodes(new ClientId(id)).toCompletableFuture());
            }
        });
        checked += found.size();
        found.forEach((id, row) -> {
            Optional<CodeDigests> kept = row.join();
            expect(kept.isPresent(), () -> "registered and lost: " + id);
            checkCodes(id, kept.get(), step);
        });
        Optional<String> some = found.keySet().stream().findFirst();
        some.ifPresent(id ->
                expect(add(registrations, id, "") == Registrations.Outcome.TAKEN, () -> "registered twice: " + id));
        found.keySet().stream()
                .filter(id -> !recorded.codeChanges().get(id).key().isEmpty())
                .findFirst()
                .ifPresent(id -> expect(
                        add(registrations, id, recorded.codeChanges().get(id).key()) == Registrations.Outcome.REPLACED,
                        () -> "its key is forgotten: " + id));
    }

    /** The last code that was granted is accepted, and none that another one had ended. */
    private void checkCodes(String id, CodeDigests kept, int step) {
        List<byte[]> granted = promises.codes().get(id).stream()
                .filter(each -> each.step() < step)
                .map(each -> Promises.sha256(each.value()))
                .toList();
        boolean isLastAccepted = isAccepted(kept, granted.get(granted.size() - 1));
        // a later change may have been under way: then there is a code that was never granted
        boolean isLater = recorded.codeChanges().get(id).attempts() > granted.size()
                && (granted.stream().noneMatch(kept::isCurrent)
                        || granted.stream().noneMatch(kept::isNext));
        expect(isLastAccepted || isLater, () -> "another code than the one granted: " + id);
        int used = recorded.usedCode(id, step);
        for (int ended = 0; ended < used; ended++) {
            expect(
                    !isAccepted(kept, granted.get(ended)),
                    () -> "a code is accepted after the next one was used: " + id);
        }
    }

    private static boolean isAccepted(CodeDigests kept, byte[] code) {
        return kept.isCurrent(code) || kept.isNext(code);
    }

    private static Registrations.Outcome add(Registrations registrations, String id, String key) {
        Registration registration = new Registration(
                new ClientId(id),
                Promises.sha256("another code"),
                key.isEmpty() ? Optional.empty() : Optional.of(new RequestKey(key).sha256()));
        return registrations.add(registration).toCompletableFuture().join();
    }

    private MessageFiles files() {
        return new MessageFiles(
                recording.journal(), recording.log(), Sync.ALWAYS, 1 << 20, 100_000, Requests.NEVER_ROLLED);
    }

    /** Cuts the power again while the start runs on what the first cut left; returns what the second leaves. */
    private Optional<PowerCutDisk> cutAgain(PowerCutDisk image, Past past) throws IOException {
        int[] left = {random.nextInt(14)};
        List<PowerCutDisk> second = new ArrayList<>();
        image.observe((operation, path) -> {
            if (left[0]-- == 0) {
                second.add(image.powerCut(random.nextLong()));
                throw new PowerCutDisk.Killed();
            }
        });
        try {
            new Start(image, files(), recorded.clock(), System::nanoTime).run(past);
        } catch (PowerCutDisk.Killed e) {
            // as it should be
        } finally {
            image.observe((operation, path) -> {});
        }
        return second.stream().findFirst();
    }

    private void checkMessages(PowerCutDisk image, Past past, int step) throws IOException {
        Disk disk = noChecksums ? new NoChecksums(image, recording.journal()) : image;
        LogWriter log = new Start(disk, files(), recorded.clock(), System::nanoTime).run(past);
        Map<Long, Line> found = lines.in(image);
        checked += recorded.granted().stream()
                .takeWhile(each -> each.step() < step)
                .filter(each -> !promises.isTakenAway(each.receipt(), step))
                .count();
        Set<String> texts = LeftLines.checkWhole(found, receipt -> promises.isTakenAway(receipt, step));
        long highest = Math.max(
                checkGranted(found, step),
                found.keySet().stream().mapToLong(each -> each).max().orElse(0));
        checkKeys(log, texts, step, highest);
        Appended.Logged last =
                (Appended.Logged) log.commit(List.of(Requests.message(new ClientId("last"), Optional.empty(), "last")))
                        .get(0);
        expect(Requests.firstReceipt(last) > highest, () -> "a receipt was given twice: " + last);
        checkGranted(lines.in(image), step);
    }

    /** Returns the greatest receipt that was granted. */
    private long checkGranted(Map<Long, Line> found, int step) {
        long highest = 0;
        for (Granted each : recorded.granted()) {
            if (each.step() >= step) {
                break;
            }
            long receipt = each.receipt();
            highest = Math.max(highest, receipt);
            Line line = found.get(receipt);
            if (line == null) {
                expect(promises.isTakenAway(receipt, step), () -> "acknowledged and lost: " + receipt);
            } else if (each.line().isEmpty() || line != each.line().get()) {
                expect(line.time().equals(each.time()), () -> "another time than granted: " + receipt);
                expect(each.line().isEmpty(), () -> "another line than was sent: " + receipt);
            }
        }
        return highest;
    }

    /** The last keyed requests of an id that were granted are answered again; the one after them is logged once. */
    private void checkKeys(LogWriter log, Set<String> texts, int step, long highest) throws IOException {
        List<Keyed> repeated = new ArrayList<>();
        List<Keyed> following = new ArrayList<>();
        for (List<Keyed> ofOneId : recorded.keyed().values()) {
            List<Keyed> granted =
                    ofOneId.stream().filter(each -> each.isGranted(step)).toList();
            // the one after them may have been logged, too, and takes a place
            repeated.addAll(granted.subList(Math.max(0, granted.size() - REMEMBERED + 1), granted.size()));
            if (!granted.isEmpty() || random.nextInt(20) == 0) {
                ofOneId.stream()
                        .filter(each -> !each.isGranted(step))
                        .findFirst()
                        .ifPresent(following::add);
            }
        }
        List<Appended> outcomes =
                log.commit(repeated.stream().map(Keyed::request).toList());
        for (int i = 0; i < repeated.size(); i++) {
            List<String> receipts = repeated.get(i).receipts();
            Appended outcome = outcomes.get(i);
            expect(
                    outcome instanceof Appended.Repeated again
                            && again.receipts().equals(receipts),
                    () -> "the key of " + receipts + " answers " + outcome);
        }
        outcomes = log.commit(following.stream().map(Keyed::request).toList());
        for (int i = 0; i < following.size(); i++) {
            if (outcomes.get(i) instanceof Appended.Logged logged) {
                expect(Requests.firstReceipt(logged) > highest, () -> "a receipt was given twice: " + logged);
                expect(!texts.contains(following.get(i).firstText()), () -> "logged twice: " + logged);
            }
        }
    }
}
