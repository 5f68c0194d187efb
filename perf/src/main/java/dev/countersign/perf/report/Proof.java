package dev.countersign.perf.report;

import dev.countersign.perf.data.Results.Harm;
import dev.countersign.perf.data.Results.Trial;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What was done to the server to make it lose something: in a sentence, and trial by trial. */
record Proof(List<Trial> trials) {

    /** "Killed 300 times, cut off from power 2,000 times: 0 lost, 0 doubled." */
    String sentence() {
        String harms = Stream.of(Harm.values())
                .filter(harm -> times(harm) > 0)
                .map(harm -> said(harm, Units.number(times(harm))))
                .collect(Collectors.joining(", "));
        return harms.substring(0, 1).toUpperCase(Locale.ROOT) + harms.substring(1) + ": " + total(Trial::lost)
                + " lost, " + total(Trial::doubled) + " doubled.";
    }

    String className() {
        return trials.stream().allMatch(trial -> trial.lost() == 0 && trial.doubled() == 0) ? "pass" : "fail";
    }

    private long times(Harm harm) {
        return trials.stream()
                .filter(trial -> trial.harm() == harm)
                .mapToLong(Trial::times)
                .sum();
    }

    private static String said(Harm harm, String times) {
        return switch (harm) {
            case KILL -> "killed " + times + " times";
            case POWER_CUT -> "cut off from power " + times + " times";
            case FAULT -> times + " calls to the system failed";
            case HOSTILE_INPUT -> times + " inputs thrown at it";
        };
    }

    private String total(ToLongFunction<Trial> figure) {
        return Units.number(trials.stream().mapToLong(figure).sum());
    }

    record Row(String what, String times, String checked, String lost, String doubled, String command) {}

    List<Row> rows() {
        return trials.stream()
                .map(trial -> new Row(
                        trial.what(),
                        Units.number(trial.times()),
                        Units.number(trial.checked()),
                        Units.number(trial.lost()),
                        Units.number(trial.doubled()),
                        trial.command()))
                .toList();
    }
}
