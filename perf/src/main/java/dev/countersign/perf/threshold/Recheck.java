package dev.countersign.perf.threshold;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import dev.countersign.perf.data.Results.Load;
import dev.countersign.perf.data.Results.Threshold;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** Checks what load runs have measured against the limits of today: a changed limit needs no new run. */
public final class Recheck {

    private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();

    private Recheck() {}

    /**
     * Writes the limits and verdicts in the files of these scenarios anew; leaves out those that are not there.
     *
     * @param data the folder of the files
     */
    public static void write(Path data, List<String> scenarios, Thresholds limits) throws IOException {
        for (String scenario : scenarios) {
            Path file = data.resolve(scenario + ".json");
            if (Files.exists(file)) {
                JsonObject load = GSON.fromJson(Files.readString(file), JsonObject.class);
                List<Threshold> checked = limits.check(
                        scenario, measured(GSON.fromJson(load, Load.class).thresholds()));
                load.add("thresholds", GSON.toJsonTree(checked));
                Files.writeString(file, GSON.toJson(load) + "\n");
            }
        }
    }

    private static Map<Metric, Double> measured(List<Threshold> thresholds) {
        Map<Metric, Double> measured = new EnumMap<>(Metric.class);
        for (Metric metric : Metric.values()) {
            for (Threshold threshold : thresholds) {
                if (threshold.name().equals(metric.title)) {
                    measured.put(metric, threshold.measured());
                }
            }
        }
        return measured;
    }
}
