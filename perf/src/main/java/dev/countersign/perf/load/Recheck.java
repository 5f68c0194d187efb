package dev.countersign.perf.load;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import com.google.gson.JsonObject;
import dev.countersign.perf.data.Results.Load;
import dev.countersign.perf.threshold.Thresholds;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Checks what load runs have measured against the limits of today: a changed limit needs no new run. */
public final class Recheck {

    private static final Gson GSON = new GsonBuilder().setPrettyPrinting().create();

    private Recheck() {}

    /**
     * Writes the limits and verdicts in the scenarios' files anew; leaves out those that are not there.
     *
     * @param data the folder of the files
     */
    public static void write(Path data, Thresholds limits) throws IOException {
        for (Scenario scenario : Scenario.all(false)) {
            Path file = data.resolve(scenario.name() + ".json");
            if (Files.exists(file)) {
                JsonObject json = GSON.fromJson(Files.readString(file), JsonObject.class);
                Load load = GSON.fromJson(json, Load.class);
                json.add(
                        "thresholds",
                        GSON.toJsonTree(limits.check(
                                scenario.name(),
                                PlanRun.metrics(load.offered(), load.served(), load.findings(), load.loadSide()))));
                Files.writeString(file, GSON.toJson(json) + "\n");
            }
        }
    }
}
