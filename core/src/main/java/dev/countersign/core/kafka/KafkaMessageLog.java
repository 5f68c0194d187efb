package dev.countersign.core.kafka;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.countersign.core.Appended;
import dev.countersign.core.ClientId;
import dev.countersign.core.Code;
import dev.countersign.core.Erased;
import dev.countersign.core.GroupCommit;
import dev.countersign.core.Histogram;
import dev.countersign.core.Home;
import dev.countersign.core.LineText;
import dev.countersign.core.LogFigures;
import dev.countersign.core.MemoryBudget;
import dev.countersign.core.MessageLog;
import dev.countersign.core.Messages;
import dev.countersign.core.OverloadedException;
import dev.countersign.core.RequestKey;
import dev.countersign.core.StartupException;
import dev.countersign.core.StoreSettings;
import dev.countersign.core.UnavailableException;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executor;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.Producer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Messages in a Kafka topic. A request is one record that holds all of its lines, so that all of them are logged or none.
 * The client's id is the record's key, so that one client's messages are in one partition, in the order sent.
 *
 * <p>A message that was acknowledged is on each in-sync replica. Requests with a key are remembered in memory, since the
 * start.
 */
public final class KafkaMessageLog implements MessageLog {

    private static final Logger log = LoggerFactory.getLogger(KafkaMessageLog.class);

    /** Kafka's client then gives up, and it is unknown whether the record is logged: nobody waits for ten seconds. */
    private static final int DELIVERY_MILLIS = 9_000;

    /** Before its first record Kafka's client waits for a producer id, and gives up later than {@link #DELIVERY_MILLIS}. */
    private static final int ANSWER_MILLIS = 9_500;

    private static final long NEVER_MILLIS = TimeUnit.DAYS.toMillis(36_500);
    private static final long WATCH_NANOS = TimeUnit.SECONDS.toNanos(1);
    private static final long LOOK_NANOS = TimeUnit.MILLISECONDS.toNanos(20);
    private static final int MAX_SILENT_LOOKS = 15; // one a second, or fewer
    private static final long BATCH_BYTES = 16 * 1024; // that Kafka's client reserves for a record, at least
    private static final int KEY_BYTES = 500; // heap for one that is remembered, about

    private final Topic topic;
    private final StoreSettings settings;
    private final Semaphore room;
    private final MemoryBudget memory;
    private final Executor completions;
    private final Map<Key, Sent> keys = Collections.synchronizedMap(new LinkedHashMap<>() {
        @Override
        protected boolean removeEldestEntry(Map.Entry<Key, Sent> oldest) {
            return size() > Math.min(settings.rememberedKeys(), StoreSettings.shareOfHeap() / KEY_BYTES);
        }
    });
    private final Thread watcher = new Thread(this::watch, "topic-watcher");
    private final CompletableFuture<Throwable> producerDeath = new CompletableFuture<>();
    private volatile Producer<byte[], byte[]> producer;
    private volatile Optional<Producer<byte[], byte[]>> spent = Optional.empty(); // the last that could not go on
    private volatile Optional<Throwable> failure = Optional.empty();
    private volatile boolean closed;
    private final AtomicInteger silentLooks = new AtomicInteger(); // of the watcher, since the last answer
    private final Histogram answerNanos = new Histogram(); // this and the next two are the producer's thread's
    private volatile Optional<Instant> lastAnswer = Optional.empty();
    private volatile long messages;

    private record Key(ClientId id, RequestKey key) {}

    /** What was sent with a key, and what became of it. */
    private record Sent(String digest, CompletableFuture<Appended.Logged> outcome) {}

    private KafkaMessageLog(Topic topic, StoreSettings settings, Executor completions) {
        this.topic = topic;
        this.settings = settings;
        this.completions = completions;
        room = new Semaphore(settings.queueSize());
        memory = new MemoryBudget(settings.queueMemoryBytes());
        producer = newProducer();
        watcher.setDaemon(true);
        watcher.start();
    }

    /**
     * Makes the topic where it is missing.
     *
     * @param completions completes the stages, in place of Kafka's own thread, which must not be held up
     * @throws StartupException where the topic can't be used
     */
    public static KafkaMessageLog open(StoreSettings settings, Executor completions) {
        return Topic.open(settings.topic(), true, topic -> new KafkaMessageLog(topic, settings, completions));
    }

    private Producer<byte[], byte[]> newProducer() {
        Map<String, Object> config = topic.client();
        config.put(ProducerConfig.ACKS_CONFIG, "all");
        config.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
        config.put(ProducerConfig.LINGER_MS_CONFIG, 0);
        config.put(ProducerConfig.MAX_BLOCK_MS_CONFIG, 0); // no request's thread waits
        config.put(ProducerConfig.METADATA_MAX_IDLE_CONFIG, NEVER_MILLIS); // else the first send after it fails
        config.put(ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG, DELIVERY_MILLIS);
        config.put(
                ProducerConfig.BUFFER_MEMORY_CONFIG,
                settings.queueMemoryBytes() + Topic.MAX_RECORD_BYTES + settings.queueSize() * BATCH_BYTES);
        config.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, Topic.MAX_RECORD_BYTES);
        Producer<byte[], byte[]> made =
                new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer());
        long begun = System.nanoTime();
        while (true) { // a send that does not wait fails until the partitions are known
            try {
                made.partitionsFor(topic.name());
                return made;
            } catch (RuntimeException e) {
                boolean mayPass = e instanceof TimeoutException;
                if (!mayPass || System.nanoTime() - begun > TimeUnit.MILLISECONDS.toNanos(Topic.WAIT_MILLIS)) {
                    made.close(Duration.ZERO);
                    throw e;
                }
                LockSupport.parkNanos(LOOK_NANOS);
            }
        }
    }

    @Override
    public CompletionStage<Appended> append(Messages messages) {
        byte[][] tails = LineText.tails(messages);
        CompletableFuture<Appended.Logged> outcome = new CompletableFuture<>();
        if (messages.key().isPresent()) {
            Key key = new Key(messages.id(), messages.key().get());
            Sent now = new Sent(messages.isList() + HexFormat.of().formatHex(Code.sha256(tails)), outcome);
            Sent former = keys.putIfAbsent(key, now);
            if (former != null) {
                return former.digest.equals(now.digest)
                        ? former.outcome.thenApply(first -> new Appended.Repeated(first.receipts(), first.time()))
                        : CompletableFuture.completedStage(new Appended.KeyReused());
            }
            outcome.whenComplete((logged, failed) -> {
                if (failed != null) { // a repeat is sent again; a reader who then finds both tells them by the key
                    keys.remove(key, now);
                }
            });
        }
        send(messages, tails, outcome);
        return outcome.thenApply(logged -> logged);
    }

    private void send(Messages messages, byte[][] tails, CompletableFuture<Appended.Logged> outcome) {
        long sinceNanos = System.nanoTime();
        long micros = LineText.micros(Instant.now());
        byte[] key = messages.id().value().getBytes(US_ASCII);
        byte[] lines = lines(micros, tails);
        if (topic.isReplaced()) {
            outcome.completeExceptionally(new UnavailableException("the topic was made anew", null));
            return;
        }
        boolean hasRoom = room.tryAcquire();
        if (!hasRoom || !memory.take(lines.length)) {
            room.release(hasRoom ? 1 : 0);
            outcome.completeExceptionally(new OverloadedException());
            return;
        }
        Producer<byte[], byte[]> sender = producer;
        CompletableFuture<Void> answered = new CompletableFuture<>();
        answered.orTimeout(ANSWER_MILLIS, TimeUnit.MILLISECONDS).exceptionally(late -> {
            fail(outcome, sender, new TimeoutException("no answer in time", late));
            return null;
        });
        try {
            sender.send(
                    new ProducerRecord<>(topic.name(), null, TimeUnit.MICROSECONDS.toMillis(micros), key, lines),
                    (place, failed) -> {
                        answered.complete(null);
                        giveBack(lines);
                        if (failed != null) {
                            fail(outcome, sender, failed);
                        } else if (place.hasOffset()) {
                            answerNanos.add(System.nanoTime() - sinceNanos);
                            logged(outcome, place, tails.length, LineText.instant(micros));
                        } else { // it was sent twice, and the broker no longer knows where the first is
                            fail(outcome, sender, new TimeoutException("the place of a record is unknown"));
                        }
                    });
        } catch (RuntimeException e) { // instead of a call back: the producer is closed, or can't go on
            answered.complete(null);
            giveBack(lines);
            fail(outcome, sender, e);
        }
    }

    private static byte[] lines(long micros, byte[][] tails) {
        byte[] head = ("{\"time\":\"" + LineText.time(micros)).getBytes(US_ASCII);
        ByteArrayOutputStream lines = new ByteArrayOutputStream(tails.length * (head.length + tails[0].length));
        for (byte[] tail : tails) {
            lines.writeBytes(head);
            lines.writeBytes(tail);
        }
        return lines.toByteArray();
    }

    private void giveBack(byte[] lines) {
        memory.giveBack(lines.length);
        room.release();
        silentLooks.set(0);
    }

    private void logged(CompletableFuture<Appended.Logged> outcome, RecordMetadata place, int texts, Instant time) {
        lastAnswer = Optional.of(Instant.now());
        messages += texts;
        completions.execute(() -> outcome.complete(new Appended.Logged(
                IntStream.rangeClosed(1, texts)
                        .mapToObj(part -> topic.receipt(place.partition(), place.offset(), part))
                        .toList(),
                time)));
    }

    private void fail(CompletableFuture<Appended.Logged> outcome, Producer<byte[], byte[]> sender, Exception cause) {
        if (cause instanceof RecordTooLargeException) { // one client's trouble
            log.warn("the topic {} takes no record as large; raise its max.message.bytes", topic.name());
        } else {
            if (!(cause instanceof RetriableException)) {
                spent = Optional.of(sender);
            }
            failed(cause);
        }
        completions.execute(() -> outcome.completeExceptionally(new UnavailableException("not acknowledged", cause)));
    }

    private void watch() {
        while (!closed) {
            LockSupport.parkNanos(WATCH_NANOS);
            look();
        }
    }

    private void look() {
        try {
            watchProducer();
            topic.requireWell();
            if (spent.isPresent() && spent.get() == producer) {
                spent.get().close(Duration.ZERO); // first: figures are counted by one producer's thread
                producer = newProducer();
            }
            if (failure.isPresent()) {
                // throws if Kafka's client has forgotten them in an outage: then the next send would fail
                producer.partitionsFor(topic.name());
                failure = Optional.empty();
                log.info("the topic {} takes messages again", topic.name());
            }
        } catch (Throwable e) { // an Error too: else nobody would look any more
            failed(e);
        }
    }

    /** As long as its thread lives, Kafka's client ends each send within seconds, well or badly. */
    private void watchProducer() {
        if (queued() > 0 && silentLooks.incrementAndGet() == MAX_SILENT_LOOKS) {
            log.error("the thread of Kafka's client has died; the process must be started again");
            producerDeath.complete(new IllegalStateException("the thread of Kafka's client has died"));
        }
    }

    private void failed(Throwable cause) {
        if (failure.isEmpty()) {
            log.error("the topic {} takes no messages; refusing them until it does again", topic.name(), cause);
        }
        failure = Optional.of(cause);
    }

    @Override
    public CompletionStage<Erased> erase(ClientId id) {
        String left =
                settings.topic().url() + " (nothing can be removed from a record of a topic but by its retention)";
        return CompletableFuture.completedStage(new Erased(0, left));
    }

    @Override
    public Optional<String> trouble() {
        return failure.map(cause -> "the topic " + topic.name() + " takes no messages: " + Home.reason(cause));
    }

    /** Batches are Kafka's own, and not counted. */
    @Override
    public LogFigures figures() {
        GroupCommit.Figures sends = new GroupCommit.Figures(
                queued(), memory.held(), new Histogram(), new Histogram(), answerNanos, lastAnswer);
        return new LogFigures(sends, messages, keys.size(), Optional.empty());
    }

    private int queued() {
        return settings.queueSize() - room.availablePermits();
    }

    @Override
    public CompletionStage<Throwable> writerDeath() {
        return producerDeath.minimalCompletionStage();
    }

    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(watcher);
        GroupCommit.awaitEnd(watcher);
        producer.close(Duration.ofMillis(DELIVERY_MILLIS));
        topic.close();
    }
}
