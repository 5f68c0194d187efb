package dev.countersign.perf.load;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;

/**
 * One request, as JMeter saw and judged it; whole milliseconds is all that JMeter knows.
 *
 * @param startMillis since 1970
 * @param millis from its start, a new connection included, to the last byte of its answer
 * @param step which of the plan's requests: one of the constants here
 * @param status of the answer; JMeter's own words where there was none
 * @param expected whether status and body are what the plan wants: for a wrong code, a refusal
 * @param virtualUsers at work at its end
 * @param text of the message, empty for a registration; of a wrong code's message, what must never be logged
 * @param code as registered
 * @param receipt as answered, where one was
 */
record Sample(
        long startMillis,
        long millis,
        String step,
        String status,
        boolean expected,
        int virtualUsers,
        String id,
        String text,
        String code,
        String receipt) {

    static final String REGISTER = "register";
    static final String MESSAGE = "message";
    static final String WRONG_CODE = "wrong code";

    private static final CSVFormat FORMAT =
            CSVFormat.DEFAULT.builder().setHeader().setSkipHeaderRecord(true).get();

    /** Of a file that JMeter wrote with {@code run.properties}, in the order in which the answers came. */
    static List<Sample> read(Path file) throws IOException {
        try (Reader reader = Files.newBufferedReader(file, UTF_8);
                CSVParser rows = FORMAT.parse(reader)) {
            return rows.stream().map(Sample::of).toList();
        }
    }

    boolean isCreated() {
        return status.equals("201");
    }

    long endMillis() {
        return startMillis + millis;
    }

    private static Sample of(CSVRecord row) {
        String step = row.get("label");
        return new Sample(
                Long.parseLong(row.get("timeStamp")),
                Long.parseLong(row.get("elapsed")),
                step,
                row.get("responseCode"),
                Boolean.parseBoolean(row.get("success")),
                Integer.parseInt(row.get("allThreads")),
                row.get("id"),
                switch (step) {
                    case MESSAGE -> row.get("text");
                    case WRONG_CODE -> row.get("refusedText");
                    default -> "";
                },
                row.get("code"),
                row.get("receipt"));
    }
}
