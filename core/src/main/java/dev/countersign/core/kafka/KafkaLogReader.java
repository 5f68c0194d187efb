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
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
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
    private final List<TopicPartition> partitions;
    private final long sinceMicros;
    private final long untilMicros;
    private final PriorityQueue<Line> lines = new PriorityQueue<>(Comparator.comparingLong(Line::rank)
            .thenComparing(line -> line.record.partition())
            .thenComparing(line -> line.record.offset())
            .thenComparing(Line::from));
    private final Map<Integer, Integer> linesOf = new HashMap<>(); // that wait, by partition
    private final Map<Integer, Long> ranks = new HashMap<>(); // of the last line, by partition
    private Map<TopicPartition, Long> ends = Map.of(); // offsets to read up to
    private Optional<Line> current = Optional.empty();
    private long foreignLines;

    /**
     * @param from where it begins in its record
     * @param rank its time in microseconds, or that of an earlier line of its partition that is later
     */
    private record Line(LogLine parsed, ConsumerRecord<byte[], byte[]> record, int from, long rank) {}

    private KafkaLogReader(Topic topic, LogRange range) {
        this.topic = topic;
        sinceMicros = Math.max(0, LineText.micros(range.since()));
        untilMicros = Math.max(0, LineText.micros(range.until()));
        partitions = IntStream.range(0, topic.partitions())
                .mapToObj(number -> new TopicPartition(topic.name(), number))
                .toList();
        consumer = new KafkaConsumer<>(
                topic.client(Map.of(
                        ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false,
                        ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false,
                        ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest")),
                new ByteArrayDeserializer(),
                new ByteArrayDeserializer());
    }

    /** @throws StartupException where the topic can't be read, or a receipt is asked for */
    public static KafkaLogReader open(TopicSettings settings, LogRange range) {
        if (range.fromReceipt() > 0) {
            throw new StartupException("messages of a Kafka topic are chosen by time, not by receipt");
        }
        KafkaLogReader reader = new KafkaLogReader(Topic.open(settings, false), range);
        try {
            reader.goToLast(range.last());
            return reader;
        } catch (KafkaException e) {
            reader.close();
            throw Topic.unusable(settings, e);
        }
    }

    private void goToLast(long count) {
        consumer.assign(partitions);
        ends = ends();
        offsetsAt(sinceMicros / 1_000)
                .forEach((partition, since) -> consumer.seek(partition, Math.max(since, ends.get(partition) - count)));
        if (count < Long.MAX_VALUE) {
            fetch(true);
            while (lines.size() > count) {
                take();
            }
        }
    }

    private Map<TopicPartition, Long> ends() {
        return offsetsAt(untilMicros / 1_000 + CLOCKS_DIFFER_MILLIS);
    }

    /** Of each partition, the offset of the first record that is not older; its end where there is none. */
    private Map<TopicPartition, Long> offsetsAt(long millis) {
        Map<TopicPartition, Long> offsets = new HashMap<>(consumer.endOffsets(partitions));
        consumer.offsetsForTimes(partitions.stream().collect(Collectors.toMap(each -> each, each -> millis)))
                .forEach((partition, found) ->
                        offsets.computeIfPresent(partition, (key, end) -> found == null ? end : found.offset()));
        return offsets;
    }

    @Override
    public boolean next() throws IOException {
        try {
            fetch(false);
            if (lines.isEmpty()) {
                ends = ends();
                fetch(false);
            }
        } catch (KafkaException e) {
            throw new IOException("can't read the topic " + topic.name() + ": " + e.getMessage(), e);
        }
        if (lines.isEmpty()) {
            return false;
        }
        take();
        return true;
    }

    private void take() {
        Line line = lines.remove();
        linesOf.merge(line.record.partition(), -1, Integer::sum);
        current = Optional.of(line);
    }

    /** Returns when each partition has a line, or all of its lines, or is read to its end. */
    private void fetch(boolean all) {
        long answered = System.nanoTime();
        while (true) {
            List<TopicPartition> wanted = partitions.stream()
                    .filter(each -> (all || linesOf.getOrDefault(each.partition(), 0) == 0)
                            && consumer.position(each) < ends.get(each))
                    .toList();
            if (wanted.isEmpty()) {
                return;
            }
            consumer.pause(partitions);
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

    /** Adds the lines of a record, which are a whole request; else none. */
    private void add(ConsumerRecord<byte[], byte[]> record) {
        byte[] value = record.value() == null ? new byte[0] : record.value();
        List<Line> request = new ArrayList<>();
        LogLine line = new LogLine(false);
        int from = 0;
        while (line.parse(value, from, value.length) && line.part() == request.size() + 1) {
            request.add(new Line(line, record, from, ranks.merge(record.partition(), line.micros(), Long::max)));
            from = line.next();
            line = new LogLine(false);
        }
        LogLine last = request.isEmpty() ? line : request.get(request.size() - 1).parsed;
        if (request.isEmpty() || last.part() != last.parts() || last.next() != value.length) {
            foreignLines++;
        } else if (last.micros() >= sinceMicros && last.micros() <= untilMicros) { // a request has one time
            lines.addAll(request);
            linesOf.merge(record.partition(), request.size(), Integer::sum);
        }
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
        consumer.close();
        topic.close();
    }
}
