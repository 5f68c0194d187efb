package dev.countersign.perf.report;

import dev.countersign.perf.data.Results.Gate;
import dev.countersign.perf.data.Results.Load;
import dev.countersign.perf.data.Results.Target;
import java.util.List;
import java.util.Locale;

/** Rules held against what was measured: each with its limit, the measured value, and how far they are apart. */
record RuleTable(String title, List<Row> rows) {

    /** @param className the colour of the outcome: "pass", "fail" or "invalid" */
    record Row(
            String name, String rule, String limit, String measured, String margin, String outcome, String className) {}

    static RuleTable gates(Load load) {
        return new RuleTable(
                ReportData.title(load.scenario()),
                load.gates().stream().map(RuleTable::row).toList());
    }

    private static Row row(Gate gate) {
        String outcome = gate.verdict().name();
        return row(
                gate.name(),
                gate.rule(),
                gate.limit(),
                gate.measured(),
                gate.unit(),
                outcome,
                outcome.toLowerCase(Locale.ROOT));
    }

    static RuleTable goals(List<Target> targets) {
        return new RuleTable(
                "Goals set beforehand; they don’t count towards the verdict",
                targets.stream().map(RuleTable::row).toList());
    }

    private static Row row(Target target) {
        return row(
                target.name(),
                target.rule(),
                target.limit(),
                target.measured(),
                target.unit(),
                target.met() ? "met" : "missed",
                target.met() ? "pass" : "fail");
    }

    private static Row row(
            String name, String rule, double limit, double measured, String unit, String outcome, String className) {
        return new Row(
                name,
                rule,
                Units.number(limit),
                Units.number(measured, unit),
                margin(limit, measured),
                outcome,
                className);
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
