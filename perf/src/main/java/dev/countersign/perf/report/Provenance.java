package dev.countersign.perf.report;

import dev.countersign.perf.data.Results.Environment;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Locale;

/** Where, when and of what the figures were taken, as the page writes it. */
record Provenance(Environment environment) {

    private static final DateTimeFormatter DATE =
            DateTimeFormatter.ofPattern("d MMMM uuuu, HH:mm 'UTC'", Locale.ENGLISH);

    /** As much of the commit as people quote. */
    String shortCommit() {
        String commit = environment.commit();
        return commit.isEmpty() ? "not known" : commit.substring(0, Math.min(12, commit.length()));
    }

    /** @throws java.time.DateTimeException when {@code startedAt} is not ISO 8601 with an offset */
    String date() {
        return DATE.format(OffsetDateTime.parse(environment.startedAt()).withOffsetSameInstant(ZoneOffset.UTC));
    }

    String memory() {
        return Units.number(environment.memoryMiB(), "MiB");
    }
}
