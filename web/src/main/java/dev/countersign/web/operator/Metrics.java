package dev.countersign.web.operator;

import dev.countersign.core.GroupCommit;
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
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.eclipse.jetty.util.thread.ThreadPool;

/**
 * What Prometheus scrapes: the process as Micrometer names it, and what the server has counted anyway. Made at the first
 * scrape, so that whoever scrapes nothing pays nothing.
 */
final class Metrics implements MultiCollector {

    static final String MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8";

    private static final double SECONDS_A_NANO = 1e-9;
    private static final int LEAST_NANOS_POWER = 16; // 66 microseconds
    private static final int MOST_NANOS_POWER = 34; // 17 seconds
    private static final int MOST_ITEMS_POWER = 10;

    private final Store store;
    private final Operator.Http http;
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);

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
        Map<String, GroupCommit.Figures> commits = Map.of(
                "messages", log.commits(), "registrations", store.registry().figures());
        CounterSnapshot.Builder requests = CounterSnapshot.builder()
                .name("countersign_requests")
                .help("Answered requests, by port, status and kind of refusal");
        http.answers()
                .get()
                .forEach((port, counts) -> counts.forEach((answer, count) -> {
                    String[] parts = (answer + " ").split(" ", -1);
                    Labels labels = Labels.of("port", port, "status", parts[0], "problem", parts[1]);
                    requests.dataPoint(new CounterSnapshot.CounterDataPointSnapshot(count, labels, null, 0));
                }));
        GaugeSnapshot.Builder connections =
                GaugeSnapshot.builder().name("jetty_connections_current").help("Open connections, by port");
        http.connections()
                .get()
                .forEach((port, count) -> connections.dataPoint(
                        new GaugeSnapshot.GaugeDataPointSnapshot(count, Labels.of("port", port), null)));
        List<MetricSnapshot> all = new ArrayList<>(List.of(
                connections.build(),
                requests.build(),
                gauge("ready", "1 while the server takes work", store.trouble().isEmpty() ? 1 : 0),
                counter("messages", "Messages logged", log.messages()),
                gauge("remembered_keys", "Requests with a key that are remembered", log.rememberedKeys()),
                counter("code_cache_hits", "Codes that were found in memory", cache.hits()),
                counter("code_cache_misses", "Codes that were looked up in the table", cache.misses()),
                gauges("queue_items", "What waits for the disk", commits, GroupCommit.Figures::queued),
                gauges("queue_bytes", "Of what waits for the disk", commits, GroupCommit.Figures::queuedBytes),
                histogram(
                        "batch_items",
                        "What is made durable at once",
                        commits,
                        GroupCommit.Figures::batchItems,
                        0,
                        MOST_ITEMS_POWER,
                        1),
                nanos("flush_seconds", "A batch's write and flush", commits, GroupCommit.Figures::commitNanos),
                nanos(
                        "answer_seconds",
                        "From when a request was read to when it was durable",
                        commits,
                        GroupCommit.Figures::answerNanos)));
        log.files()
                .ifPresent(files -> all.addAll(List.of(
                        gauge("last_receipt", "The receipt of the last message", files.lastReceipt()),
                        gauge("log_bytes", "Of all files of the log", files.bytes()),
                        gauge("log_files", "Files of the log", files.count()),
                        counter("log_rolls", "Files of the log that were begun", files.rolls()),
                        gauge("disk_free_bytes", "Of the disk that has the log", files.freeBytes()))));
        return new MetricSnapshots(all);
    }

    private static GaugeSnapshot gauge(String name, String help, double value) {
        return GaugeSnapshot.builder()
                .name("countersign_" + name)
                .help(help)
                .dataPoint(new GaugeSnapshot.GaugeDataPointSnapshot(value, Labels.EMPTY, null))
                .build();
    }

    private static CounterSnapshot counter(String name, String help, double value) {
        return CounterSnapshot.builder()
                .name("countersign_" + name)
                .help(help)
                .dataPoint(new CounterSnapshot.CounterDataPointSnapshot(value, Labels.EMPTY, null, 0))
                .build();
    }

    private static GaugeSnapshot gauges(
            String name,
            String help,
            Map<String, GroupCommit.Figures> commits,
            ToDoubleFunction<GroupCommit.Figures> value) {
        GaugeSnapshot.Builder gauge =
                GaugeSnapshot.builder().name("countersign_" + name).help(help);
        commits.forEach((of, figures) -> gauge.dataPoint(
                new GaugeSnapshot.GaugeDataPointSnapshot(value.applyAsDouble(figures), Labels.of("of", of), null)));
        return gauge.build();
    }

    private static HistogramSnapshot nanos(
            String name,
            String help,
            Map<String, GroupCommit.Figures> commits,
            Function<GroupCommit.Figures, Histogram> histogram) {
        return histogram(name, help, commits, histogram, LEAST_NANOS_POWER, MOST_NANOS_POWER, SECONDS_A_NANO);
    }

    /** With a bucket for each power of two in this range. */
    private static HistogramSnapshot histogram(
            String name,
            String help,
            Map<String, GroupCommit.Figures> commits,
            Function<GroupCommit.Figures, Histogram> histogram,
            int leastPower,
            int mostPower,
            double unit) {
        HistogramSnapshot.Builder snapshot =
                HistogramSnapshot.builder().name("countersign_" + name).help(help);
        double[] bounds = new double[mostPower - leastPower + 2];
        for (int i = 0; i < bounds.length - 1; i++) {
            bounds[i] = (1L << leastPower + i) * unit;
        }
        bounds[bounds.length - 1] = Double.POSITIVE_INFINITY;
        commits.forEach((of, figures) -> {
            Histogram counted = histogram.apply(figures);
            long[] counts = new long[bounds.length];
            long[] fine = counted.counts();
            for (int bucket = 0; bucket < fine.length; bucket++) {
                long most = Histogram.end(bucket) - 1; // that it counts
                int power = Long.SIZE - Long.numberOfLeadingZeros(Math.max(1, most) - (unit == 1 ? 1 : 0));
                counts[Math.max(0, Math.min(bounds.length - 1, power - leastPower))] += fine[bucket];
            }
            snapshot.dataPoint(new HistogramSnapshot.HistogramDataPointSnapshot(
                    ClassicHistogramBuckets.of(bounds, counts),
                    counted.sum() * unit,
                    Labels.of("of", of),
                    Exemplars.EMPTY,
                    0));
        });
        return snapshot.build();
    }
}
