package dev.countersign.web.operator;

import static java.util.stream.Collectors.toMap;

import dev.countersign.core.GroupCommit.Figures;
import dev.countersign.core.Histogram;
import dev.countersign.core.LogFigures;
import dev.countersign.core.Registry;
import dev.countersign.core.store.Store;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.binder.jetty.JettyServerThreadPoolMetrics;
import io.micrometer.core.instrument.binder.jvm.ClassLoaderMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmInfoMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.Exemplars;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.eclipse.jetty.util.thread.ThreadPool;

/**
 * What Prometheus scrapes: the process as Micrometer names it, and what the server has counted anyway. Made at the first
 * scrape, so that whoever scrapes nothing pays nothing.
 */
final class Metrics implements MultiCollector {

    static final String MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    /** Up to 1,024 items. */
    private static final Buckets ITEMS = new Buckets(0, 10, 1);

    /** From 66 microseconds to 17 seconds. */
    private static final Buckets NANOS = new Buckets(16, 34, 1e-9);

    private final Store store;
    private final Operator.Http http;
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

    /** A bucket for each power of two in a range, and one for larger values; a value times the unit is shown. */
    private record Buckets(int leastPower, int mostPower, double unit) {}

    Metrics(Store store, Operator.Http http) {
        this.store = store;
        this.http = http;
        bind(registry, http.threads());
        registry.getPrometheusRegistry().register(this);
    }

    @SuppressWarnings("resource") // lives as long as the process
    private static void bind(MeterRegistry registry, ThreadPool threads) {
        new JvmInfoMetrics().bindTo(registry);
        new JvmMemoryMetrics().bindTo(registry);
        new JvmGcMetrics().bindTo(registry);
        new JvmThreadMetrics().bindTo(registry);
        new ClassLoaderMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        new UptimeMetrics().bindTo(registry);
        new FileDescriptorMetrics().bindTo(registry);
        new JettyServerThreadPoolMetrics(threads, Tags.empty()).bindTo(registry);
    }

    String scrape() {
        return registry.scrape();
    }

    @Override
    public MetricSnapshots collect() {
        LogFigures log = store.messageLog().figures();
        Registry.CacheFigures cache = store.registry().cacheFigures();
        Map<Labels, Figures> commits = Map.of(
                Labels.of("of", "messages"),
                log.commits(),
                Labels.of("of", "registrations"),
                store.registrations().figures());
        List<MetricSnapshot> all = new ArrayList<>(List.of(
                gauge("jetty_connections_current", "Open connections, by port", connections()),
                counter("countersign_requests", "Answered requests, by port, status and kind of refusal", requests()),
                gauge(
                        "countersign_ready",
                        "1 while the server takes work",
                        store.trouble().isEmpty() ? 1 : 0),
                counter("countersign_messages", "Messages logged", log.messages()),
                gauge("countersign_remembered_keys", "Requests with a key that are remembered", log.rememberedKeys()),
                counter("countersign_code_cache_hits", "Codes that were found in memory", cache.hits()),
                counter("countersign_code_cache_misses", "Codes that were looked up in the table", cache.misses()),
                gauge("countersign_queue_items", "What waits for the disk", each(commits, Figures::queued)),
                gauge("countersign_queue_bytes", "Of what waits for the disk", each(commits, Figures::queuedBytes)),
                histogram(
                        "countersign_batch_items", "What is made durable at once", ITEMS, commits, Figures::batchItems),
                histogram(
                        "countersign_flush_seconds", "A batch's write and flush", NANOS, commits, Figures::commitNanos),
                histogram(
                        "countersign_answer_seconds",
                        "From when a request was read to when it was durable",
                        NANOS,
                        commits,
                        Figures::answerNanos)));
        log.files()
                .ifPresent(files -> all.addAll(List.of(
                        gauge("countersign_last_receipt", "The receipt of the last message", files.lastReceipt()),
                        gauge("countersign_log_bytes", "Of all files of the log", files.bytes()),
                        gauge("countersign_log_files", "Files of the log", files.count()),
                        counter("countersign_log_rolls", "Files of the log that were begun", files.rolls()),
                        gauge("countersign_disk_free_bytes", "Of the disk that has the log", files.freeBytes()))));
        return new MetricSnapshots(all);
    }

    private Map<Labels, Integer> connections() {
        Map<Labels, Integer> connections = new HashMap<>();
        http.connections().get().forEach((port, count) -> connections.put(Labels.of("port", port), count));
        return connections;
    }

    private Map<Labels, Long> requests() {
        Map<Labels, Long> requests = new HashMap<>();
        http.answers()
                .get()
                .forEach((port, counts) -> counts.forEach((answer, count) -> {
                    String[] parts = (answer + " ").split(" ", -1);
                    requests.put(Labels.of("port", port, "status", parts[0], "problem", parts[1]), count);
                }));
        return requests;
    }

    private static <T> Map<Labels, T> each(Map<Labels, Figures> commits, Function<Figures, T> figure) {
        return commits.entrySet().stream().collect(toMap(Map.Entry::getKey, entry -> figure.apply(entry.getValue())));
    }

    private static MetricSnapshot gauge(String name, String help, Number value) {
        return gauge(name, help, Map.of(Labels.EMPTY, value));
    }

    private static MetricSnapshot gauge(String name, String help, Map<Labels, ? extends Number> values) {
        GaugeSnapshot.Builder gauge = GaugeSnapshot.builder().name(name).help(help);
        values.forEach((labels, value) ->
                gauge.dataPoint(new GaugeSnapshot.GaugeDataPointSnapshot(value.doubleValue(), labels, null)));
        return gauge.build();
    }

    private static MetricSnapshot counter(String name, String help, Number value) {
        return counter(name, help, Map.of(Labels.EMPTY, value));
    }

    private static MetricSnapshot counter(String name, String help, Map<Labels, ? extends Number> values) {
        CounterSnapshot.Builder counter = CounterSnapshot.builder().name(name).help(help);
        values.forEach((labels, value) ->
                counter.dataPoint(new CounterSnapshot.CounterDataPointSnapshot(value.doubleValue(), labels, null, 0)));
        return counter.build();
    }

    private static MetricSnapshot histogram(
            String name,
            String help,
            Buckets buckets,
            Map<Labels, Figures> commits,
            Function<Figures, Histogram> figure) {
        HistogramSnapshot.Builder snapshot =
                HistogramSnapshot.builder().name(name).help(help);
        double[] bounds = new double[buckets.mostPower - buckets.leastPower + 2];
        Arrays.setAll(bounds, i -> (1L << buckets.leastPower + i) * buckets.unit);
        bounds[bounds.length - 1] = Double.POSITIVE_INFINITY;
        each(commits, figure).forEach((labels, counted) -> {
            long[] counts = new long[bounds.length];
            long[] fine = counted.counts();
            for (int bucket = 0; bucket < fine.length; bucket++) {
                long most = Math.max(1, Histogram.end(bucket) - 1); // that it counts
                int power = Long.SIZE - Long.numberOfLeadingZeros(most - 1);
                counts[Math.max(0, Math.min(bounds.length - 1, power - buckets.leastPower))] += fine[bucket];
            }
            double sum = counted.sum() * buckets.unit;
            ClassicHistogramBuckets classic = ClassicHistogramBuckets.of(bounds, counts);
            snapshot.dataPoint(new HistogramDataPointSnapshot(classic, sum, labels, Exemplars.EMPTY, 0));
        });
        return snapshot.build();
    }
}
