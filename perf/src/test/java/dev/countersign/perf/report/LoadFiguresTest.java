package dev.countersign.perf.report;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.countersign.perf.data.Results.Load;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoadFiguresTest {

    @Test
    void aSecondMissingFromTheDataHadItsUsersButNoRequestAndNoLatency(@TempDir Path reports) throws Exception {
        new ReportFixture(reports)
                .with(
                        "51.json",
                        load -> load.getAsJsonObject("served")
                                .getAsJsonArray("seconds")
                                .remove(60));
        Load load = ReportData.read(reports.resolve("data")).load("51").orElseThrow();

        List<Figure> figures = new LoadFigures(load).overTime();

        assertTrue(rows(figures.get(0)).contains(List.of("60", "51")));
        assertTrue(rows(figures.get(1)).contains(List.of("60", "0", "0")));
        assertFalse(rows(figures.get(2)).stream().anyMatch(row -> row.get(0).equals("60")));
    }

    private static List<? extends List<?>> rows(Figure figure) {
        return figure.table().rows();
    }
}
