package dev.countersign.perf.report;

import static java.util.Comparator.comparingInt;
import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.toList;

import com.samskivert.mustache.Mustache;
import dev.countersign.perf.data.Results.*;
import dev.countersign.perf.load.PlanRun;
import dev.countersign.perf.load.Project;
import dev.countersign.perf.threshold.Thresholds;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.stream.Stream;

/**
 * Draws {@code reports/index.html} from {@code reports/data} alone, so that a changed page needs no new run.
 *
 * <p>Its methods are the page's table of contents: the template {@code report.html} asks for each by its name, or takes
 * from {@code data} what needs no other form. It escapes every value, and writes numbers as {@link Units} does. What was
 * not measured is empty. The page is one file without script, which asks for nothing else.
 */
public final class ReportPage {

    private final ReportData data;

    private ReportPage(ReportData data) {
        this.data = data;
    }

    /** {@code mvn -pl perf exec:exec@report}: checks what was measured against the thresholds of today, and draws it. */
    public static void main(String[] arguments) throws IOException {
        Project project = new Project(Path.of(""));
        Path reports = project.reports(false);
        PlanRun.recheck(reports.resolve("data"), Thresholds.read(project.thresholds()));
        System.out.println("The report: " + write(reports).toUri());
    }

    /**
     * Draws the page anew; on an exception the old one stays.
     *
     * @param reports the folder that holds {@code data} and gets {@code index.html}
     * @return the page
     * @throws IOException when a file of the data is not what its name says, or the page can't be written
     */
    public static Path write(Path reports) throws IOException {
        ReportPage page = new ReportPage(ReportData.read(reports.resolve("data")));
        try (Reader template = template("report.html")) {
            String html = Mustache.compiler()
                    .strictSections(true)
                    .emptyStringIsFalse(true)
                    .withLoader(ReportPage::template)
                    .withFormatter(Units::write)
                    .compile(template)
                    .execute(page);
            return Files.writeString(of(reports), html);
        }
    }

    /**
     * The runs that a folder of data tells of: those of its history, and the one that it holds.
     *
     * @throws IOException when a file of the data is not what its name says
     */
    public static List<PastRun> runs(Path folder) throws IOException {
        return Trend.of(ReportData.read(folder)).runs();
    }

    /** Where the page of a reports folder is. */
    public static Path of(Path reports) {
        return reports.resolve("index.html");
    }

    private static Reader template(String name) {
        return resource("page/" + name);
    }

    static Reader resource(String name) {
        return new InputStreamReader(ReportPage.class.getResourceAsStream(name), StandardCharsets.UTF_8);
    }

    ReportSummary summary() {
        return new ReportSummary(data);
    }

    List<Proof> proof() {
        return data.trials().isEmpty() ? List.of() : List.of(new Proof(data.trials()));
    }

    BesideReference besideReference() throws IOException {
        return new BesideReference(data, BesideReference.Reference.read());
    }

    List<Provenance> provenance() {
        return data.environment().stream().map(Provenance::new).toList();
    }

    List<ThresholdTable> thresholds() {
        return data.loads().stream().map(ThresholdTable::of).toList();
    }

    List<Table> accounts() {
        return new LoadTables(data.loads()).all();
    }

    List<Figure> distributions() {
        return Stream.concat(data.closed().stream().map(List::of), Stream.of(data.arrivals()))
                .filter(loads -> !loads.isEmpty())
                .map(LatencyChart::distribution)
                .toList();
    }

    /** Of the users who come and stay; those who arrive anew each second have no ramp to show. */
    List<Figure> overTime() {
        return data.closed().stream()
                .flatMap(load -> new LoadFigures(load).overTime().stream())
                .toList();
    }

    /** Throughput, latency and CPU time over connections, a row of charts for each kind of request. */
    List<Figure> capacity() {
        return data.capacity().stream()
                .flatMap(measured -> measured.comparisons().stream().sorted(comparingInt(Comparison::connections)))
                .collect(groupingBy(CapacityFigures::title, LinkedHashMap::new, toList()))
                .values()
                .stream()
                .flatMap(comparisons -> new CapacityFigures(comparisons).all().stream())
                .toList();
    }

    List<CapacityTables> capacityTables() {
        return data.capacity().stream().map(CapacityTables::new).toList();
    }

    /** The disk's share of each answer, for who has another disk. */
    List<String> disk() {
        return data.disk().stream()
                .map(disk -> "a write of 4 KiB with its flush takes %s (p50) and %s (p99), %s of them a second"
                        .formatted(
                                Units.millis(disk.flush().p50()),
                                Units.millis(disk.flush().p99()),
                                Units.number(disk.flushesPerSecond())))
                .toList();
    }

    List<PeerTables> peers() {
        return data.peers().stream().map(PeerTables::new).toList();
    }

    List<HopTables> machines() {
        return data.hops().stream()
                .map(hops -> new HopTables(hops, data.threeServers()))
                .toList();
    }

    /** Empty where there is no run to compare with. */
    List<Trend> trend() {
        return Stream.of(Trend.of(data))
                .filter(trend -> trend.runs().size() > 1)
                .toList();
    }

    List<Figure> openRates() {
        return data.openRates().stream()
                .flatMap(rates -> new OpenRateFigures(rates).all().stream())
                .toList();
    }

    List<BenchmarkGroup> benchmarks() {
        return BenchmarkGroup.of(data.benchmarks());
    }

    /** Where, when and of what the figures were taken, as the page writes it. */
    record Provenance(Environment environment) {

        /** As much of the commit as people quote. */
        String shortCommit() {
            return Units.commit(environment.commit());
        }

        String date() {
            return Units.date(environment.startedAt());
        }
    }
}
