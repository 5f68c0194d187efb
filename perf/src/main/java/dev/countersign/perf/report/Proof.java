package dev.countersign.perf.report;

import dev.countersign.perf.data.Results.*;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.function.ToLongFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** What was done to the server to make it lose something: in a sentence, and trial by trial. */
record Proof(List<Trial> trials) {

    Proof {
        trials = trials.stream().sorted(Comparator.comparing(Trial::harm)).toList();
    }

    /** "Killed 300 times, cut off from power 2,000 times: 0 lost, 0 doubled." */
    String sentence() {
        String harms = Stream.of(Harm.values())
                .filter(harm -> times(harm) > 0)
                .map(harm -> said(harm, Units.number(times(harm))))
                .collect(Collectors.joining(", "));
        String done = harms.isEmpty() ? "not harmed at all" : harms;
        return done.substring(0, 1).toUpperCase(Locale.ROOT) + done.substring(1) + ": " + total(Trial::lost)
                + " lost, " + total(Trial::doubled) + " doubled"
                + (sum(Trial::failed) > 0 ? "; failed tests: " + total(Trial::failed) : "") + ".";
    }

    String className() {
        return sum(Trial::lost) + sum(Trial::doubled) + sum(Trial::failed) > 0 ? "fail" : "pass";
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
            case OTHERS_HANDS -> "its log renamed, removed, cut or rotated " + times + " times";
            case HOSTILE_INPUT -> times + " inputs thrown at it";
        };
    }

    private String total(ToLongFunction<Trial> figure) {
        return Units.number(sum(figure));
    }

    private long sum(ToLongFunction<Trial> figure) {
        return trials.stream().mapToLong(figure).sum();
    }

    /**
     * @param command word by word: a line of the page ends between two
     * @param className the colour of its figures: "pass" or "fail"
     */
    record Row(Trial trial, String day, List<String> command, String className) {}

    List<Row> rows() {
        return trials.stream()
                .map(trial -> new Row(
                        trial,
                        trial.finishedAt().substring(0, "2026-11-26".length()),
                        List.of(trial.command().split(" ")),
                        new Proof(List.of(trial)).className()))
                .toList();
    }
}
