package dev.countersign.core.file;

import static dev.countersign.core.file.LeftLines.expect;

import dev.countersign.core.Appended;
import dev.countersign.core.ClientId;
import dev.countersign.core.LineText;
import dev.countersign.core.LogSettings;
import dev.countersign.core.Past;
import dev.countersign.core.RequestKey;
import dev.countersign.core.StartupException;
import dev.countersign.core.Sync;
import dev.countersign.core.file.LeftLines.Line;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * One life of a message log on a {@link PowerCutDisk}: batches, repeats, checkpoints, failing flushes, kills, a clock that
 * steps back, files that reach their size, are packed and removed, or are renamed or truncated by somebody else, ids whose
 * messages are erased. At points drawn from the seed the power is cut: the store's own start runs on what the cut leaves,
 * sometimes is cut itself, and what it made is checked against what was acknowledged.
 */
final class PowerCutRun {

    /** The flushes of the store, of which a control leaves one out. */
    enum Flush {
        NEW_JOURNAL,
        BATCH,
        DATA_FOLDER,
        LOG,
        KEYS,
        LOG_FOLDER,
        PACKED,
        START_JOURNAL,
        START_LOG,
        START_KEYS
    }

    private static final Path DATA = Path.of("/home/data");
    private static final Path LOGS = Path.of("/home/logs");
    private static final MessageFiles FILES = new MessageFiles(
            DATA.resolve("messages.journal"),
            LOGS.resolve("messages.jsonl"),
            Sync.ALWAYS,
            1 << 19,
            1000,
            Requests.NEVER_ROLLED);
    private static final int IDS = 6;

    private static final String LINE_START = "{\"receipt\":\"";
    private static final Pattern START_OF_LINE =
            Pattern.compile("\\{\"receipt\":\"(\\d{1,18})\",\"time\":\"[^\"]{0,40}\",\"id\":\"([^\"]{0,64})\"");
    private static final Pattern ROLLED = Pattern.compile("messages-0*(\\d+)-0*(\\d+)\\.jsonl(?:\\.gz)?");

    private final Random random;
    private final int steps;
    private final MessageFiles files;
    private final Predicate<Flush> leftOut;
    private final boolean noChecksums;
    private final List<Sent> sent = new ArrayList<>();
    private final Map<ClientId, List<Sent>> keyedSent = new HashMap<>();
    private final boolean isToTruncate;
    private final List<TakenAway> takenAway = new ArrayList<>();
    private final LeftLines lines = new LeftLines(
            LOGS,
            file -> file.getFileName().toString().startsWith("renamed")
                    || !takenAway.isEmpty() && !file.equals(FILES.log()));
    private final Map<String, Long> erasedBelow = new HashMap<>(); // receipts, by id
    private final List<String> faults = new ArrayList<>();
    private long micros = 1_700_000_000_000_000L;
    private long highestAnswered;
    private int images;
    private int rolls;
    private int packed;
    private long erased; // messages
    private long removedUpTo; // receipt
    private Archive archive;
    private long nanos;
    private boolean starting;
    private int failFlushes;
    private boolean killDue;
    private boolean truncationDue;
    private long beforeTruncation; // the last change before one that the next flush of the log misses; 0 for none
    private long flushedReceipt; // the last one

    /** Receipts of lines that were flushed to the log before somebody truncated it. */
    private record TakenAway(long first, long last) {}

    /** A request, and what is known of it. */
    private static final class Sent {
        final ClientId id;
        final Optional<RequestKey> key;
        final List<String> texts;
        final Append request;
        Optional<Appended.Logged> answer = Optional.empty();
        List<Line> lines = List.of(); // of the answer
        boolean mayBeErased;
        long bound; // if it was logged, then with a greater receipt

        Sent(ClientId id, Optional<RequestKey> key, List<String> texts) {
            this.id = id;
            this.key = key;
            this.texts = texts;
            request = Requests.messages(id, key, texts);
        }

        void answer(Appended.Logged logged, LeftLines known) {
            answer = Optional.of(logged);
            String time = LineText.time(LineText.micros(logged.time()));
            lines = new ArrayList<>();
            for (String text : texts) {
                long receipt = Requests.firstReceipt(logged) + lines.size();
                lines.add(known.known(new Line(receipt, time, id.value(), lines.size() + 1, texts.size(), text)));
            }
        }
    }

    private final class TestClock extends Clock {
        @Override
        public ZoneId getZone() {
            return ZoneOffset.UTC;
        }

        @Override
        public Clock withZone(ZoneId zone) {
            return this;
        }

        @Override
        public Instant instant() {
            return Instant.EPOCH.plus(micros, ChronoUnit.MICROS);
        }
    }

    PowerCutRun(long seed, int steps, Predicate<Flush> leftOut, boolean noChecksums) {
        this.steps = steps;
        random = new Random(seed);
        isToTruncate = random.nextInt(3) == 0;
        files = new MessageFiles(
                FILES.journal(),
                FILES.log(),
                FILES.sync(),
                FILES.ringBytes(),
                FILES.rememberedKeys(),
                new LogSettings(
                        0,
                        random.nextInt(3) == 0 ? Long.MAX_VALUE : 2_000 + random.nextInt(50_000),
                        random.nextBoolean(),
                        random.nextInt(3) > 0 ? 0 : random.nextInt(50_000),
                        0,
                        random.nextBoolean(),
                        false));
        this.leftOut = leftOut;
        this.noChecksums = noChecksums;
    }

    List<String> faults() {
        return faults;
    }

    int images() {
        return images;
    }

    int rolls() {
        return rolls;
    }

    int packed() {
        return packed;
    }

    long erased() {
        return erased;
    }

    long removedUpTo() {
        return removedUpTo;
    }

    void go() throws IOException {
        PowerCutDisk disk = new PowerCutDisk(new Random(random.nextLong()));
        disk.observe((operation, path) -> observe(disk, operation, path));
        LogWriter log = open(disk);
        for (int step = 0; step < steps && faults.isEmpty(); step++) {
            try {
                switch (random.nextInt(40)) {
                    case 0 -> {
                        killDue = true;
                        commit(log);
                        look();
                        killDue = false;
                        log = open(disk);
                    }
                    case 1 -> failFlushes = 1 + random.nextInt(2);
                    case 2 -> renameLog(disk);
                    case 3 -> micros -= random.nextInt(4) > 0 ? 30_000_000L : 90_000_000L;
                    case 14 -> micros += 43_200_000_000L;
                    case 4, 5, 6, 7, 8, 9 -> checkpoint(log);
                    case 10, 11, 12, 13 -> look();
                    case 15 -> erase(disk, log);
                    case 16, 17 -> truncateWhileCommitting(disk, log);
                    case 18, 19, 20 -> truncateWhileFlushing(disk, log);
                    default -> commit(log);
                }
            } catch (PowerCutDisk.Killed e) {
                killDue = false;
                log = open(disk);
            }
        }
    }

    private void renameLog(PowerCutDisk disk) throws IOException {
        if (disk.stat(FILES.log()).isPresent()) {
            disk.observe((operation, path) -> {});
            disk.rename(FILES.log(), LOGS.resolve("renamed." + images + "." + random.nextInt(1_000_000)));
            disk.observe((operation, path) -> observe(disk, operation, path));
        }
    }

    /** Between the writer's check of the log and its append; then cuts the power some times. */
    private void truncateWhileCommitting(PowerCutDisk disk, LogWriter log) throws IOException {
        failFlushes = 0;
        truncationDue = isToTruncate;
        commit(log);
        truncationDue = false;
        cutAfterTruncation(disk);
        checkpoint(log); // it notices
    }

    private void cutAfterTruncation(PowerCutDisk disk) {
        for (int cuts = random.nextInt(6); isToTruncate && cuts > 0 && faults.isEmpty(); cuts--) {
            cut(disk, "any operation", FILES.log());
        }
    }

    /** The writer notices it, and begins to flush the file before the truncation has ended. */
    private void truncateWhileFlushing(PowerCutDisk disk, LogWriter log) throws IOException {
        failFlushes = 0;
        if (isToTruncate && !active(disk).isEmpty()) {
            beforeTruncation = disk.lastChange();
            truncate(disk);
            commit(log);
            beforeTruncation = 0;
            cutAfterTruncation(disk);
        }
    }

    private void truncate(PowerCutDisk disk) throws IOException {
        truncationDue = false;
        List<Line> active = active(disk);
        if (!active.isEmpty()) {
            takenAway.add(new TakenAway(active.get(0).receipt(), flushedReceipt));
            disk.open(FILES.log(), Disk.Mode.POSITIONED).truncate(0);
        }
    }

    private List<Line> active(PowerCutDisk disk) throws IOException {
        return disk.stat(FILES.log()).isPresent() ? lines.inFile(disk, FILES.log()) : List.of();
    }

    private boolean mayLack(long receipt) {
        return receipt <= removedUpTo
                || takenAway.stream().anyMatch(each -> each.first <= receipt && receipt <= each.last);
    }

    private LogWriter open(PowerCutDisk disk) throws IOException {
        starting = true;
        failFlushes = 0;
        LogWriter log = new Start(disk, files, new TestClock(), () -> nanos += 20_000_000).run(Past.NEW);
        starting = false;
        archive = new Archive(disk, files, new TestClock(), () -> nanos, log);
        return log;
    }

    private void checkpoint(LogWriter log) {
        try {
            log.checkpoint();
        } catch (IOException e) {
            // the next one mends it
        }
    }

    private void look() {
        try {
            archive.look();
        } catch (IOException e) {
            // the next one goes on
        }
    }

    private void erase(PowerCutDisk disk, LogWriter log) {
        ClientId id = new ClientId("id" + random.nextInt(IDS));
        sent.stream().filter(each -> each.id.equals(id)).forEach(each -> each.mayBeErased = true);
        try {
            erased += new Erasure(disk, files, LOGS.resolve(LeftLines.UNFINISHED), id, () -> false)
                    .run(log)
                    .messages();
            erasedBelow.put(id.value(), log.firstNamed());
        } catch (UncheckedIOException e) {
            // each message is as it was, or erased
        }
    }

    private void commit(LogWriter log) {
        List<Sent> batch = new ArrayList<>();
        int requests = 1 + random.nextInt(6);
        for (int i = 0; i < requests; i++) {
            batch.add(random.nextInt(5) == 0 ? again() : fresh());
        }
        micros += random.nextInt(10_000);
        batch.stream().filter(each -> !sent.contains(each)).forEach(each -> {
            each.bound = highestAnswered;
            sent.add(each);
            if (each.key.isPresent()) {
                keyedSent.computeIfAbsent(each.id, none -> new ArrayList<>()).add(each);
            }
        });
        try {
            List<Appended> outcomes =
                    log.commit(batch.stream().map(each -> each.request).toList());
            for (int i = 0; i < batch.size(); i++) {
                acknowledge(batch.get(i), outcomes.get(i));
            }
        } catch (IOException e) {
            // none is acknowledged
        }
    }

    private void acknowledge(Sent request, Appended outcome) {
        if (outcome instanceof Appended.Repeated repeated) {
            Appended.Logged first = new Appended.Logged(repeated.receipts(), repeated.time());
            if (!request.answer.orElse(first).equals(first)) {
                faults.add("a repeat was answered otherwise: " + request.answer + " " + outcome);
            }
            request.answer(first, lines);
        } else if (outcome instanceof Appended.Logged logged) {
            if (request.key.isPresent() && request.answer.isPresent() && isRemembered(request)) {
                faults.add("logged twice: " + request.answer + " " + outcome);
            }
            request.answer(logged, lines);
            highestAnswered = Math.max(highestAnswered, Requests.firstReceipt(logged));
        } else {
            faults.add("a key is said to be another request's");
        }
    }

    private Sent again() {
        List<Sent> keyed = sent.stream()
                .filter(each -> each.key.isPresent() && isRemembered(each))
                .toList();
        return keyed.isEmpty() ? fresh() : keyed.get(keyed.size() - 1 - random.nextInt(Math.min(8, keyed.size())));
    }

    private Sent fresh() {
        ClientId id = new ClientId("id" + random.nextInt(IDS));
        Optional<RequestKey> key =
                random.nextBoolean() ? Optional.of(new RequestKey("key" + random.nextInt())) : Optional.empty();
        int texts = random.nextInt(4) > 0 ? 1 : 1 + random.nextInt(40);
        List<String> all = new ArrayList<>();
        for (int i = 0; i < texts; i++) {
            int length = random.nextInt(30) == 0 ? 8_000 : random.nextInt(100);
            all.add(Integer.toHexString(random.nextInt()) + "x".repeat(length));
        }
        return new Sent(id, key, all);
    }

    /** Whether it is among the last 8 keyed requests of its id, counting all that may have been logged after it. */
    private boolean isRemembered(Sent request) {
        long bound = request.answer.map(Requests::firstReceipt).orElse(request.bound);
        return keyedSent.get(request.id).stream()
                        .filter(each -> each != request)
                        .filter(each -> each.answer
                                .map(answer -> Requests.firstReceipt(answer) > bound)
                                .orElse(true))
                        .count()
                < 8;
    }

    private void observe(PowerCutDisk disk, String operation, Path path) throws IOException {
        if (random.nextInt(6) == 0 && faults.isEmpty()) {
            cut(disk, operation, path);
        }
        if (killDue && random.nextInt(4) == 0) {
            throw new PowerCutDisk.Killed();
        }
        Matcher rolled = ROLLED.matcher(path.getFileName().toString());
        if (rolled.matches()) {
            boolean isPacked = path.toString().endsWith(".gz");
            rolls += operation.equals("rename") && !isPacked ? 1 : 0;
            packed += operation.equals("rename") && isPacked ? 1 : 0;
            boolean isTwice = disk.stat(isPacked ? LeftLines.unpacked(path) : StoredFile.packed(path))
                    .isPresent();
            if (operation.equals("delete") && !isTwice) {
                removedUpTo = Math.max(removedUpTo, Long.parseLong(rolled.group(2)));
            }
        }
        if (operation.startsWith("flush")) {
            Optional<Flush> flush = flush(path);
            if (flush.filter(leftOut).isPresent()) {
                throw new PowerCutDisk.LeftOut();
            }
            if (beforeTruncation > 0 && path.equals(FILES.log())) {
                disk.open(path, Disk.Mode.POSITIONED).flushed(beforeTruncation, false);
                beforeTruncation = 0;
                throw new PowerCutDisk.LeftOut();
            }
            if (failFlushes > 0 && !starting) {
                failFlushes--;
                throw new IOException("Input/output error");
            }
            if (isToTruncate && path.equals(FILES.log())) {
                active(disk).forEach(each -> flushedReceipt = Math.max(flushedReceipt, each.receipt()));
            }
        }
        if (truncationDue && operation.equals("append") && path.equals(FILES.log())) {
            truncate(disk);
        }
    }

    private Optional<Flush> flush(Path path) {
        String name = path.getFileName().toString();
        return Optional.of(
                switch (name) {
                    case "messages.journal.new" -> Flush.NEW_JOURNAL;
                    case "messages.journal" -> starting ? Flush.START_JOURNAL : Flush.BATCH;
                    case "data" -> Flush.DATA_FOLDER;
                    case "logs" -> Flush.LOG_FOLDER;
                    case LeftLines.UNFINISHED -> Flush.PACKED;
                    case "messages.jsonl" -> starting ? Flush.START_LOG : Flush.LOG;
                    default -> starting ? Flush.START_KEYS : Flush.KEYS;
                });
    }

    private void cut(PowerCutDisk disk, String operation, Path path) {
        images++;
        boolean wasStarting = starting;
        try {
            PowerCutDisk image = disk.powerCut(random.nextLong());
            Optional<PowerCutDisk> second = Optional.empty();
            if (random.nextInt(3) == 0) {
                second = cutAgain(image);
                images++;
            }
            check(image);
            if (second.isPresent()) {
                check(second.get());
            }
        } catch (StartupException | IOException | IllegalStateException | AssertionError e) {
            faults.add("cut before " + operation + " of " + path + " while " + (wasStarting ? "starting" : "running")
                    + ": " + e);
        } finally {
            starting = wasStarting;
        }
    }

    /** Cuts the power again while the start runs on what the first cut left; returns what the second leaves. */
    private Optional<PowerCutDisk> cutAgain(PowerCutDisk image) throws IOException {
        int[] left = {random.nextInt(14)};
        List<PowerCutDisk> second = new ArrayList<>();
        starting = true;
        image.observe((operation, path) -> {
            if (left[0]-- == 0) {
                second.add(image.powerCut(random.nextLong()));
                throw new PowerCutDisk.Killed();
            }
            if (operation.startsWith("flush") && flush(path).filter(leftOut).isPresent()) {
                throw new PowerCutDisk.LeftOut();
            }
        });
        try {
            new Start(image, files, new TestClock(), () -> nanos += 20_000_000).run(Past.NEW);
        } catch (PowerCutDisk.Killed e) {
            // as it should be
        } finally {
            image.observe((operation, path) -> {});
        }
        return second.stream().findFirst();
    }

    private void check(PowerCutDisk image) throws IOException {
        LogWriter log = new Start(
                        noChecksums ? new NoChecksums(image, FILES.journal()) : image,
                        files,
                        new TestClock(),
                        () -> nanos += 20_000_000)
                .run(sent.stream().noneMatch(each -> each.answer.isPresent()) ? Past.NEW : Past.LOST_JOURNAL);
        Map<Long, Line> before = lines.in(image);
        checkNames(image);
        checkAnswers(before);
        checkErased(image);
        LeftLines.checkWhole(before, this::mayLack);
        long highest = Math.max(
                Math.max(highestAnswered, removedUpTo),
                before.keySet().stream().mapToLong(each -> each).max().orElse(0));
        for (Sent each : sent) {
            if (each.key.isPresent() && each.answer.isPresent() && isRemembered(each)) {
                Appended.Logged first = each.answer.get();
                Appended outcome = log.commit(List.of(each.request)).get(0);
                expect(
                        outcome.equals(new Appended.Repeated(first.receipts(), first.time())),
                        () -> "the key of " + first + " answers " + outcome);
            }
        }
        for (Sent each : sent) {
            if (each.key.isPresent() && each.answer.isEmpty() && isRemembered(each)) {
                Appended outcome = log.commit(List.of(each.request)).get(0);
                if (outcome instanceof Appended.Logged logged) {
                    expect(Requests.firstReceipt(logged) > highest, () -> "a receipt was given twice: " + logged);
                    String text = each.texts.get(0);
                    expect(
                            before.values().stream()
                                    .noneMatch(line -> line.text().equals(text)),
                            () -> "logged twice: " + logged);
                }
            }
        }
        Appended.Logged last =
                (Appended.Logged) log.commit(List.of(Requests.message(new ClientId("last"), Optional.empty(), "last")))
                        .get(0);
        expect(Requests.firstReceipt(last) > highest, () -> "a receipt was given twice: " + last);
        checkAnswers(lines.in(image));
    }

    /** A file that was renamed for its receipts has them. */
    private void checkNames(PowerCutDisk image) throws IOException {
        for (Path file : image.list(LOGS)) {
            Matcher name = ROLLED.matcher(file.getFileName().toString());
            String text = LeftLines.text(image, file);
            if (name.matches() && !text.isEmpty() && takenAway.isEmpty()) {
                String last = text.substring(text.lastIndexOf('\n', text.length() - 2) + 1);
                expect(
                        text.startsWith("{\"receipt\":\"" + name.group(1) + "\"")
                                && last.startsWith("{\"receipt\":\"" + name.group(2) + "\""),
                        () -> file + " has other receipts");
            }
        }
    }

    /** Of what was erased nothing has come back, neither in a file of the log nor in the journal. */
    private void checkErased(PowerCutDisk image) throws IOException {
        if (erasedBelow.isEmpty()) {
            return;
        }
        for (Path file : image.list(LOGS)) {
            if (file.getFileName().toString().startsWith("messages")) {
                for (Line each : lines.inFile(image, file)) {
                    expect(!mustBeErased(each.receipt(), each.id()), () -> each + " is in " + file);
                }
            }
        }
        String journal = new String(image.read(FILES.journal()), StandardCharsets.ISO_8859_1);
        for (int at = journal.indexOf(LINE_START); at >= 0; at = journal.indexOf(LINE_START, at + 1)) {
            Matcher line = START_OF_LINE.matcher(journal).region(at, Math.min(at + 200, journal.length()));
            if (line.lookingAt()) {
                expect(
                        !mustBeErased(Long.parseLong(line.group(1)), line.group(2)),
                        () -> line.group() + " is in the journal");
            }
        }
    }

    private boolean mustBeErased(long receipt, String id) {
        return receipt < erasedBelow.getOrDefault(id, 0L);
    }

    private void checkAnswers(Map<Long, Line> found) {
        for (Sent each : sent) {
            for (Line line : each.lines) {
                Line left = found.get(line.receipt());
                expect(
                        line.equals(left)
                                || left == null && mayLack(line.receipt())
                                || each.mayBeErased && line.erased().equals(left),
                        () -> "acknowledged and lost: " + each.answer);
            }
        }
    }
}
