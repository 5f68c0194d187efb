package dev.countersign.core.store;

import dev.countersign.core.CodeGenerator;
import dev.countersign.core.DatabaseSettings;
import dev.countersign.core.Home;
import dev.countersign.core.LogRange;
import dev.countersign.core.LogReader;
import dev.countersign.core.MemoryBudget;
import dev.countersign.core.MessageLog;
import dev.countersign.core.Registrations;
import dev.countersign.core.Registry;
import dev.countersign.core.StartupException;
import dev.countersign.core.StoreSettings;
import dev.countersign.core.Sync;
import dev.countersign.core.TopicSettings;
import dev.countersign.core.file.FileLogReader;
import dev.countersign.core.file.FileMessageLog;
import dev.countersign.core.file.LogCheck;
import dev.countersign.core.file.MessageFiles;
import dev.countersign.core.kafka.KafkaLogReader;
import dev.countersign.core.kafka.KafkaMessageLog;
import dev.countersign.core.sql.Database;
import dev.countersign.core.sql.PostgresDatabase;
import dev.countersign.core.sql.SqlRegistrations;
import dev.countersign.core.sql.SqliteDatabase;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Registrations and messages of one server, opened and closed together. Picks the engines by the settings. */
public record Store(
        Home home, StoreSettings settings, Registrations registrations, Registry registry, MessageLog messageLog)
        implements Closeable {

    private static final Logger log = LoggerFactory.getLogger(Store.class);

    /** How long a start waits for a database or brokers that don't answer. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private static final Duration PAUSE = Duration.ofMillis(500);

    /**
     * Opens the store of a home. {@link #close} also closes the home.
     *
     * @param registryCompletions completes the stages of a batch of registrations
     * @param logCompletions completes the stages of a batch of messages
     * @throws StartupException if something can't be opened; then everything is closed again
     */
    public static Store open(Home home, StoreSettings settings, Executor registryCompletions, Executor logCompletions) {
        Deque<Closeable> opened = new ArrayDeque<>(List.of(home));
        try {
            if (settings.log().groupReadable()) {
                home.letGroupReadLogs();
            }
            Database database = settings.database().isInHome()
                    ? SqliteDatabase.open(home.database(), settings.sync())
                    : patiently(() -> PostgresDatabase.open(settings.database()));
            opened.push(database);
            MessageLog messageLog = settings.topic().isInHome()
                    ? FileMessageLog.open(
                            MessageFiles.in(home, settings),
                            database.past(),
                            settings.queueSize(),
                            new MemoryBudget(settings.queueMemoryBytes()),
                            logCompletions,
                            Clock.systemUTC())
                    // on the pool: Kafka's own thread must go on
                    : patiently(() -> KafkaMessageLog.open(settings, registryCompletions));
            opened.push(messageLog);
            if (settings.topic().isInHome()) {
                database.noteJournal();
            }
            Registrations registrations = new SqlRegistrations(
                    database,
                    settings.database().staleCodes(),
                    settings.queueSize(),
                    registryCompletions,
                    Clock.systemUTC());
            opened.push(registrations);
            Registry registry =
                    new Registry(registrations, new CodeGenerator(new SecureRandom()), StoreSettings.shareOfHeap());
            return new Store(home, settings, registrations, registry, messageLog);
        } catch (RuntimeException e) {
            for (Closeable each : opened) {
                try {
                    each.close();
                } catch (IOException | RuntimeException again) {
                    e.addSuppressed(again);
                }
            }
            throw e;
        }
    }

    /** Tries again while the machine that it needs is not up: after a power cut all of them start at once. */
    private static <T> T patiently(Supplier<T> open) {
        long begun = System.nanoTime();
        for (int attempts = 1; ; attempts++) {
            try {
                return open.get();
            } catch (StartupException e) {
                boolean isOver = System.nanoTime() - begun > PATIENCE.toNanos();
                if (!e.mayPass() || isOver || Thread.currentThread().isInterrupted()) {
                    throw e;
                }
                if (attempts == 1) {
                    log.warn("trying again for {} s: {}", PATIENCE.toSeconds(), e.getMessage());
                }
                LockSupport.parkNanos(PAUSE.toNanos());
            }
        }
    }

    /**
     * Copies a home into another, while its server may be running. The copy has everything that was acknowledged when
     * this began. Messages are copied first, so that the sender of each message is registered in the copy. What is kept
     * outside the home is not copied.
     *
     * @return a sentence on what was copied and what was not
     */
    public static String backUp(Path home, DatabaseSettings database, TopicSettings topic, Home copy)
            throws IOException {
        StringBuilder copied = new StringBuilder("copied " + home + " to " + copy.folder());
        FileLogReader.copyLog(Home.messageLog(home), copy.messageLog()); // also where new ones go to a topic
        if (!topic.isInHome()) {
            copied.append(", and no messages of ").append(topic.url()).append(": Kafka keeps its own copies");
        }
        if (database.isInHome()) {
            SqliteDatabase.copy(Home.database(home), copy.database());
        } else {
            copied.append(", and no registrations: copy them from ")
                    .append(database.shownUrl())
                    .append(" with pg_dump, now");
        }
        return copied.toString();
    }

    /** Reads this store's messages, while they come. */
    public LogReader read(LogRange range) throws IOException {
        return read(home::folder, settings.topic(), range);
    }

    /**
     * Reads the messages, beside the servers that add to them.
     *
     * @param home asked for where messages are in its files
     */
    public static LogReader read(Supplier<Path> home, TopicSettings topic, LogRange range) throws IOException {
        return topic.isInHome()
                ? FileLogReader.ofLog(Home.messageLog(home.get()), range)
                : KafkaLogReader.open(topic, range);
    }

    /** Reads the messages of these log files, wherever they are. */
    public static LogReader read(List<Path> files, LogRange range) throws IOException {
        return FileLogReader.ofFiles(files, range);
    }

    /**
     * Checks every file of a home's log, while its server may be running; true if nothing is wrong.
     *
     * @param report takes a line for each file and what is wrong with it, and one for all
     * @param progress takes the bytes read so far, and those of all files
     * @throws StartupException where messages are in a topic
     */
    public static boolean verify(
            Supplier<Path> home, TopicSettings topic, Consumer<String> report, BiConsumer<Long, Long> progress)
            throws IOException {
        if (!topic.isInHome()) {
            throw new StartupException(
                    "verify reads the files of a home; what " + topic.url() + " holds, Kafka keeps and checks itself");
        }
        return new LogCheck(report, progress).ofLog(Home.messageLog(home.get()));
    }

    /** Checks these log files, wherever they are. */
    public static boolean verify(List<Path> files, Consumer<String> report, BiConsumer<Long, Long> progress)
            throws IOException {
        return new LogCheck(report, progress).ofFiles(files);
    }

    /** Where messages and registrations are, and what a 201 means: by what it is about, for people to read. */
    public Map<String, String> facts() {
        Map<String, String> facts = new LinkedHashMap<>();
        boolean isInFiles = settings.topic().isInHome();
        facts.put(
                "messages",
                isInFiles ? home.messageLog().toString() : settings.topic().url());
        facts.put(
                "database",
                settings.database().isInHome()
                        ? home.database().toString()
                        : settings.database().shownUrl());
        String onDisk = settings.sync() == Sync.ALWAYS
                ? "201 means on disk"
                : "201 means handed to the operating system (--sync=os): a power cut loses the last seconds";
        facts.put(
                "promise",
                isInFiles ? onDisk : "201 to a message means on each in-sync replica of the topic, not flushed");
        return facts;
    }

    /** Why the store can't take registrations or messages; empty if it can. */
    public Optional<String> trouble() {
        return messageLog.trouble().or(registrations::trouble);
    }

    /**
     * Completes with the cause when a writer thread has died. From then on the store refuses work, and only a new
     * process can help. The caller decides whether to end the process.
     */
    public CompletionStage<Throwable> writerDeath() {
        return registrations.writerDeath().applyToEither(messageLog.writerDeath(), cause -> cause);
    }

    /** Completes the queued work of both writers, then closes the files. */
    @Override
    public void close() throws IOException {
        try (home;
                registrations;
                messageLog) {
            // closed in reverse order, whichever of them fails
        }
    }
}
