package dev.countersign.core.kafka;

import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.countersign.core.LineText;
import dev.countersign.core.LogLine;
import dev.countersign.core.LogRange;
import dev.countersign.core.LogReader;
import dev.countersign.core.StartupException;
import dev.countersign.core.TopicSettings;
import java.io.IOException;
import java.io.OutputStream;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.RetriableException;
import org.apache.kafka.common.errors.TimeoutException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads the messages of a Kafka topic by time, those of one client in the order logged. Memory holds what a poll brings of
 * each partition.
 */
public final class KafkaLogReader implements LogReader {

    private static final Duration POLL = Duration.ofMillis(100);

    /** By how much the clocks of two servers may differ: the times of a partition don't quite rise. */
    private static final long CLOCKS_DIFFER_MILLIS = TimeUnit.MINUTES.toMillis(1);

    private final Topic topic;
    private final KafkaConsumer<byte[], byte[]> consumer;
    private final long sinceMicros;
    private final long untilMicros;
    private final Map<TopicPartition, Deque<Line>> waiting = new LinkedHashMap<>(); // lines in the order logged
    private Map<TopicPartition, Long> ends = Map.of(); // offsets to read up to
    private boolean isAtEnd;
    private Optional<Line> current = Optional.empty();
    private long foreignLines;

    /** @param from where it begins in its record */
    private record Line(LogLine parsed, ConsumerRecord<byte[], byte[]> record, int from) {}

    private KafkaLogReader(Topic topic, LogRange range) {
        this.topic = topic;
        sinceMicros = Math.max(0, LineText.micros(range.since()));
        untilMicros = Math.max(0, LineText.micros(range.until()));
        for (int number = 0; number < topic.partitions(); number++) {
            waiting.put(new TopicPartition(topic.name(), number), new ArrayDeque<>());
        }
        Map<String, Object> config = topic.client();
        config.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
        config.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
        consumer = new KafkaConsumer<>(config, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    }

    /** @throws StartupException where the topic can't be read, or a receipt is asked for */
    public static KafkaLogReader open(TopicSettings settings, LogRange range) {
        if (range.fromReceipt() > 0) {
            throw new StartupException("messages of a Kafka topic are chosen by time, not by receipt");
        }
        return Topic.open(settings, false, topic -> {
            KafkaLogReader reader = new KafkaLogReader(topic, range);
            try {
                reader.goToLast(range.last());
                return reader;
            } catch (KafkaException e) {
                reader.consumer.close();
                throw e;
            }
        });
    }

    private void goToLast(long count) {
        consumer.assign(waiting.keySet());
        ends = ends();
        offsetsAt(sinceMicros / 1_000)
                .forEach((partition, since) -> consumer.seek(partition, Math.max(since, ends.get(partition) - count)));
        if (count < Long.MAX_VALUE) {
            fetch(true);
            long lines = waiting.values().stream().mapToLong(Collection::size).sum();
            for (long earlier = lines - count; earlier > 0; earlier--) {
                take();
            }
        }
    }

    private Map<TopicPartition, Long> ends() {
        return offsetsAt(untilMicros / 1_000 + CLOCKS_DIFFER_MILLIS);
    }

    /** Of each partition, the offset of the first record that is not older; its end where there is none. */
    private Map<TopicPartition, Long> offsetsAt(long millis) {
        Map<TopicPartition, Long> offsets = new HashMap<>(consumer.endOffsets(waiting.keySet()));
        consumer.offsetsForTimes(waiting.keySet().stream().collect(Collectors.toMap(each -> each, each -> millis)))
                .forEach((partition, found) ->
                        offsets.computeIfPresent(partition, (key, end) -> found == null ? end : found.offset()));
        return offsets;
    }

    @Override
    public boolean next() throws IOException {
        try {
            if (isAtEnd) { // not before: while messages come steadily, there would be no end
                ends = ends();
            }
            fetch(false);
            isAtEnd = !take();
            return !isAtEnd;
        } catch (KafkaException e) {
            String message = "can't read the topic " + topic.name() + ": " + e.getMessage();
            throw e instanceof RetriableException ? new SocketTimeoutException(message) : new IOException(message, e);
        }
    }

    /** Takes the earliest of the partitions' first lines; false if no line waits. */
    private boolean take() {
        Optional<Deque<Line>> earliest = waiting.values().stream()
                .filter(lines -> !lines.isEmpty())
                .min(Comparator.comparingLong(lines -> lines.element().parsed.micros()));
        earliest.ifPresent(lines -> current = Optional.of(lines.remove()));
        return earliest.isPresent();
    }

    /** Returns when each partition has a line, or all of its lines, or is read to its end. */
    private void fetch(boolean all) {
        long answered = System.nanoTime();
        while (true) {
            List<TopicPartition> wanted = waiting.keySet().stream()
                    .filter(each -> (all || waiting.get(each).isEmpty()) && consumer.position(each) < ends.get(each))
                    .toList();
            if (wanted.isEmpty()) {
                return;
            }
            consumer.pause(waiting.keySet());
            consumer.resume(wanted);
            ConsumerRecords<byte[], byte[]> polled = consumer.poll(POLL);
            polled.forEach(this::add);
            if (!polled.isEmpty()) {
                answered = System.nanoTime();
            } else if (System.nanoTime() - answered > TimeUnit.MILLISECONDS.toNanos(Topic.WAIT_MILLIS)) {
                throw new TimeoutException("no answer within " + Topic.WAIT_MILLIS + " ms");
            }
        }
    }

    private void add(ConsumerRecord<byte[], byte[]> record) {
        List<Line> request = lines(record);
        if (request.isEmpty()) {
            foreignLines++;
            return;
        }
        long micros = request.get(0).parsed.micros(); // a request has one time
        if (micros >= sinceMicros && micros <= untilMicros) {
            waiting.get(new TopicPartition(record.topic(), record.partition())).addAll(request);
        }
    }

    /** The lines of a record, which are a whole request; empty if no server wrote it. */
    private static List<Line> lines(ConsumerRecord<byte[], byte[]> record) {
        byte[] value = record.value() == null ? new byte[0] : record.value();
        List<Line> lines = new ArrayList<>();
        LogLine line;
        int from = 0;
        do {
            line = new LogLine(false);
            if (!line.parse(value, from, value.length) || line.part() != lines.size() + 1) {
                return List.of();
            }
            lines.add(new Line(line, record, from));
            from = line.next();
        } while (line.part() < line.parts());
        return from == value.length ? lines : List.of();
    }

    @Override
    public LogLine line() {
        return current().parsed;
    }

    /** As a file has it: with its receipt, which in the topic is its place. */
    @Override
    public void writeLine(OutputStream target) throws IOException {
        Line line = current();
        String receipt = topic.receipt(line.record.partition(), line.record.offset(), line.parsed.part());
        target.write(("{\"receipt\":\"" + receipt + "\",").getBytes(US_ASCII));
        target.write(line.record.value(), line.from + 1, line.parsed.next() - line.from - 1);
    }

    private Line current() {
        return current.orElseThrow(() -> new IllegalStateException("it stands on no message"));
    }

    @Override
    public long foreignLines() {
        return foreignLines;
    }

    @Override
    public void close() {
        try (topic) {
            consumer.close();
        }
    }
}
