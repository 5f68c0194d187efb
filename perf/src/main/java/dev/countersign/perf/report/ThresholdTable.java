package dev.countersign.perf.report;

import dev.countersign.perf.data.Results.*;
import java.util.List;
import java.util.Locale;

/** Thresholds: each with its limit, the measured value, and how far they are apart. */
record ThresholdTable(String title, String kind, List<Row> rows) {

    /** @param className the colour of the outcome: "pass", "fail", "invalid" or "missed" */
    record Row(String name, Threshold threshold, String measured, String margin, String outcome, String className) {}

    static ThresholdTable of(Load load) {
        return new ThresholdTable(
                ReportData.title(load.scenario()),
                "threshold",
                load.thresholds().stream()
                        .map(threshold -> row(threshold.name(), threshold, "PASS"))
                        .toList());
    }

    static ThresholdTable goals(List<Threshold> thresholds) {
        return new ThresholdTable(
                "Goals set beforehand; they don’t count towards the verdict",
                "goal",
                thresholds.stream()
                        .map(threshold -> row(threshold.scenario() + ": " + threshold.name(), threshold, "MET"))
                        .toList());
    }

    private static Row row(String name, Threshold threshold, String held) {
        String verdict = threshold.verdict().name();
        return new Row(
                name,
                threshold,
                Units.number(threshold.measured(), threshold.unit()),
                margin(threshold.limit(), threshold.measured()),
                threshold.verdict() == Verdict.PASS ? held : verdict,
                verdict.toLowerCase(Locale.ROOT));
    }

    private static String margin(double limit, double measured) {
        if (measured == limit) {
            return "exact";
        }
        if (limit == 0) {
            return Units.number(measured) + " above";
        }
        double share = measured / limit - 1;
        return Units.number(Math.round(100 * Math.abs(share)), "%") + (share < 0 ? " below" : " above");
    }
}
