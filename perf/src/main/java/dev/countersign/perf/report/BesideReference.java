package dev.countersign.perf.report;

import static dev.countersign.perf.report.Units.NONE;

import com.google.gson.Gson;
import dev.countersign.perf.data.Results.*;
import java.io.IOException;
import java.io.Reader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToLongFunction;

/** The first screen's table: each load, and the capacity, beside the reference's own figures. */
record BesideReference(ReportData data, Reference reference) {

    /** @param cells offered, served, median, p95, p99, worst, errors; {@link Units#NONE} where there is nothing to say */
    record Row(String name, List<?> cells, Reference.Row reference) {}

    List<Row> rows() {
        List<Row> rows = new ArrayList<>(List.of(
                steady("51 virtual users, steady", "51"),
                ramp("500 virtual users, as they come", "500 ramp"),
                steady("500 virtual users, steady", "500"),
                steady("51 new clients/s", "arrivals-51"),
                steady("500 new clients/s", "arrivals-500")));
        mostMessages().ifPresent(rows::add);
        rows.add(capacity("Capacity: messages", "message", data.likeReference("message")));
        rows.add(capacity("Capacity: registrations", "register", data.likeReference("register")));
        return rows;
    }

    /** The figure at the top of the page, where it is of other connections than the reference's. */
    private Optional<Row> mostMessages() {
        Optional<Comparison> like = data.likeReference("message");
        return data.best("message")
                .filter(best -> !like.equals(Optional.of(best)))
                .map(best -> capacity("Capacity: messages", "most messages", Optional.of(best)));
    }

    private Row steady(String name, String scenario) {
        return row(name, scenario, data.load(scenario).map(load -> {
            Latency latency = load.served().latency();
            return List.of(
                    load.offered(),
                    load.served().achieved(),
                    Units.millis(latency.p50()),
                    Units.millis(latency.p95()),
                    Units.millis(latency.p99()),
                    Units.millis(latency.max()),
                    load.served().errors());
        }));
    }

    /** While the 500 come, all within a second: the reference's worst moments. */
    private Row ramp(String name, String key) {
        return row(
                name,
                key,
                data.load("500")
                        .map(load -> List.of(
                                NONE,
                                "≤ " + Units.number(mostInRamp(load, Second::requests)),
                                "≤ "
                                        + Units.millis(mostInRamp(
                                                load, each -> each.latency().p50())),
                                Units.millis(load.served().rampP95()),
                                NONE,
                                Units.millis(
                                        mostInRamp(load, each -> each.latency().max())),
                                NONE)));
    }

    private static long mostInRamp(Load load, ToLongFunction<Second> figure) {
        return load.served().seconds().stream()
                .filter(Second::ramp)
                .mapToLong(figure)
                .max()
                .orElse(0);
    }

    private Row capacity(String name, String key, Optional<Comparison> measured) {
        return row(
                measured.map(one -> name + ", " + one.connections() + " connections")
                        .orElse(name),
                key,
                measured.map(one -> List.of(
                        NONE,
                        one.perSecond(),
                        Units.millis(one.server().p50()),
                        NONE,
                        Units.millis(one.server().p99()),
                        NONE,
                        one.server().errors())));
    }

    private Row row(String name, String key, Optional<? extends List<?>> cells) {
        return cells.isPresent()
                ? new Row(name, cells.get(), reference.row(key))
                : new Row(name + ": not measured", Collections.nCopies(7, NONE), reference.row(key));
    }

    /**
     * The reference implementation's own figures, from the resource {@code reference.json}.
     *
     * @param note where they come from
     * @param rows by load: "51", "500 ramp", "500", "message", "register"
     */
    record Reference(String note, Map<String, Row> rows) {

        /** In words, since some were read off a chart and are ranges; a dash where there is nothing. */
        record Row(String served, String median, String p95, String p99, String errors) {

            private static final Row NONE = new Row(Units.NONE, Units.NONE, Units.NONE, Units.NONE, Units.NONE);
        }

        /** @throws IOException when the resource can't be read */
        static Reference read() throws IOException {
            try (Reader reader = ReportPage.resource("reference.json")) {
                return new Gson().fromJson(reader, Reference.class);
            }
        }

        /** Dashes for a load that the reference never had. */
        Row row(String load) {
            return rows.getOrDefault(load, Row.NONE);
        }
    }
}
