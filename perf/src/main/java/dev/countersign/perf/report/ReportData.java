package dev.countersign.perf.report;

import static java.util.Comparator.comparingDouble;

import com.google.gson.Gson;
import dev.countersign.perf.data.Results.*;
import java.io.IOException;
import java.io.Reader;
import java.lang.reflect.RecordComponent;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * All that the report is drawn from: what {@code reports/data} holds. A file that is missing was not measured.
 *
 * @param files names of those that are there
 * @param closed the loads of 51 and 500 users who come, stay, and wait between their requests
 * @param arrivals the loads of new clients each second
 * @param threeServers one of the {@code trials}
 */
record ReportData(
        List<String> files,
        Optional<Environment> environment,
        Optional<Disk> disk,
        List<Load> closed,
        List<Load> arrivals,
        Optional<Capacity> capacity,
        Optional<OpenRates> openRates,
        Optional<Peers> peers,
        Optional<Hops> hops,
        Optional<Trial> threeServers,
        List<PastRun> history,
        List<BenchmarkGroup.Result> benchmarks,
        List<Trial> trials) {

    private static final List<String> CLOSED = List.of("51", "500");
    private static final List<String> ARRIVALS = List.of("arrivals-51", "arrivals-500");

    /** @throws IOException when a file can't be read or doesn't hold what its name says; the message names it */
    static ReportData read(Path folder) throws IOException {
        List<String> files = files(folder);
        return new ReportData(
                files,
                read(folder, "environment", Environment.class),
                read(folder, "disk", Disk.class),
                all(folder, CLOSED, Load.class),
                all(folder, ARRIVALS, Load.class),
                read(folder, "capacity", Capacity.class),
                read(folder, "open", OpenRates.class),
                read(folder, "peers", Peers.class),
                read(folder, "hops", Hops.class),
                read(folder, "proof/ThreeServersTest", Trial.class),
                list(folder, "history", PastRun[].class),
                list(folder, "jmh", BenchmarkGroup.Result[].class),
                all(
                        folder,
                        files.stream().filter(name -> name.startsWith("proof/")).toList(),
                        Trial.class));
    }

    private static List<String> files(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.map(file -> folder.relativize(file).toString())
                    .filter(name -> name.endsWith(".json"))
                    .map(name -> name.substring(0, name.length() - ".json".length()))
                    .sorted()
                    .toList();
        }
    }

    private static Path file(Path folder, String name) {
        return folder.resolve(name + ".json");
    }

    private static <T> List<T> all(Path folder, List<String> names, Class<T> type) throws IOException {
        List<T> all = new ArrayList<>();
        for (String name : names) {
            read(folder, name, type).ifPresent(all::add);
        }
        return all;
    }

    private static <T> List<T> list(Path folder, String name, Class<T[]> type) throws IOException {
        return read(folder, name, type).map(List::of).orElse(List.of());
    }

    private static <T> Optional<T> read(Path folder, String name, Class<T> type) throws IOException {
        Path file = file(folder, name);
        if (Files.notExists(file)) {
            return Optional.empty();
        }
        try (Reader reader = Files.newBufferedReader(file)) {
            Optional<T> content = Optional.ofNullable(new Gson().fromJson(reader, type));
            content.ifPresent(ReportData::requireWhole);
            return content;
        } catch (RuntimeException e) {
            throw new IOException(file + " is not what the load run writes: " + e.getMessage(), e);
        }
    }

    /** A file of another shape must not pass for one of zeros: Gson leaves null what it doesn't find. */
    private static void requireWhole(Object content) {
        if (content instanceof Object[] parts) {
            List.of(parts).forEach(ReportData::requireWhole);
            return;
        }
        for (RecordComponent part : content.getClass().getRecordComponents()) {
            try {
                Objects.requireNonNull(part.getAccessor().invoke(content), part.getName());
            } catch (ReflectiveOperationException e) {
                throw new IllegalStateException(e);
            }
        }
    }

    List<Load> loads() {
        return Stream.of(closed, arrivals).flatMap(List::stream).toList();
    }

    Optional<Load> load(String scenario) {
        return loads().stream().filter(load -> load.scenario().equals(scenario)).findFirst();
    }

    List<Threshold> thresholds() {
        return loads().stream().flatMap(load -> load.thresholds().stream()).toList();
    }

    /** FAIL when a threshold failed; else INVALID when one can't tell or 51 or 500 users have none; else PASS. */
    Verdict verdict() {
        Verdict found = Verdict.worst(thresholds());
        return found == Verdict.PASS && notMeasured().findAny().isPresent() ? Verdict.INVALID : found;
    }

    /** Which of 51 and 500 users no threshold judged. */
    Stream<String> notMeasured() {
        return CLOSED.stream()
                .filter(scenario -> load(scenario)
                        .filter(load -> !load.thresholds().isEmpty())
                        .isEmpty());
    }

    /** The comparisons of a kind of request that were made in full, with its shortest messages. */
    List<Comparison> full(String request) {
        List<Comparison> full = capacity.stream()
                .flatMap(measured -> measured.comparisons().stream())
                .filter(one -> one.request().equals(request) && one.control() != null)
                .toList();
        int bodyBytes = full.stream().mapToInt(Comparison::bodyBytes).min().orElse(0);
        return full.stream().filter(one -> one.bodyBytes() == bodyBytes).toList();
    }

    /** The fastest of them. */
    Optional<Comparison> best(String request) {
        return full(request).stream().max(comparingDouble(Comparison::perSecond));
    }

    /** The one at the reference's 51 connections. */
    Optional<Comparison> likeReference(String request) {
        return full(request).stream().filter(one -> one.connections() == 51).findFirst();
    }

    /** A scenario's name as people say it. */
    static String title(String scenario) {
        return scenario.startsWith("arrivals-")
                ? scenario.substring("arrivals-".length()) + " new clients/s"
                : scenario + " virtual users";
    }
}
