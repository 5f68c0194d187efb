package dev.countersign.core.file;

import dev.countersign.core.LineText;
import dev.countersign.core.LogLine;
import dev.countersign.core.LogRange;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/**
 * Checks the files of a log, also while a server writes it: the form of lines, the order of receipts and times,
 * complete requests, and lines that are repeated in the next file after a repair. For use by one thread.
 */
public final class LogCheck {

    private static final int LINES_BETWEEN_PROGRESS = 4096;

    private final Consumer<String> report;
    private final BiConsumer<Long, Long> progress;
    private final List<Path> checked = new ArrayList<>();
    private long bytesBefore; // the current file
    private long bytes; // of all files
    private long messages;
    private long faults;
    private long firstReceipt;
    private long lastReceipt;
    private long lastNamed; // the last receipt in a file's name

    /**
     * @param report gets a line for each file and each fault in it, and a summary
     * @param progress gets the number of bytes read so far, and of all bytes
     */
    public LogCheck(Consumer<String> report, BiConsumer<Long, Long> progress) {
        this.report = report;
        this.progress = progress;
    }

    /** Checks the log with this active file; true if nothing is wrong. */
    public boolean ofLog(Path active) throws IOException {
        Optional<LogLines> opened = LogLines.open(active); // first: if it is renamed now, no message escapes
        List<StoredFile> stored = StoredFile.before(active, opened);
        bytes = active.toFile().length();
        checkStored(stored);
        if (opened.isPresent()) {
            new FileCheck(opened.get()).run(true);
        }
        return end();
    }

    /** Checks the given files; true if nothing is wrong. */
    public boolean ofFiles(List<Path> files) throws IOException {
        checkStored(StoredFile.sorted(files));
        return end();
    }

    private void checkStored(List<StoredFile> stored) {
        for (StoredFile each : stored) {
            bytes += each.path().toFile().length();
        }
        for (StoredFile each : stored) {
            try {
                Optional<LogLines> opened = each.open();
                if (opened.isPresent()) { // otherwise it was removed meanwhile
                    new FileCheck(opened.get()).run(false);
                    lastNamed = Math.max(lastNamed, each.last().orElse(0L));
                }
            } catch (IOException e) {
                fault(e.getMessage());
            }
        }
    }

    private boolean end() {
        if (lastReceipt < lastNamed) {
            gap(lastNamed + 1);
        }
        report.accept(checked.size() + " files, " + messages + " messages"
                + (messages == 0 ? "" : ", receipts " + firstReceipt + " to " + lastReceipt) + ": "
                + (faults == 0 ? "nothing is wrong" : "something is wrong, " + faults + " times"));
        return faults == 0;
    }

    private void fault(String what) {
        faults++;
        report.accept("WRONG: " + what);
    }

    /** A file may begin with a higher receipt; but the receipts in a file's name must all exist. */
    private void gap(long next) {
        String missing = "receipts " + (lastReceipt + 1) + " to " + (next - 1) + " are in no file";
        if (lastReceipt < lastNamed) {
            fault(missing + ", but by a name they were");
        } else {
            report.accept("gap: " + missing);
        }
    }

    /** The check of one file. */
    private final class FileCheck {

        private final LogLines lines;
        private final LogLine line;
        private Optional<FileLogReader> earlier = Optional.empty(); // at a line that may be repeated here
        private boolean hasEarlier;
        private long number; // of the line
        private long held; // messages in the file
        private long repeats;
        private long first; // receipt
        private long last;
        private long firstMicros;
        private long lastMicros;
        private int part; // of the last line in its request
        private int parts;
        private int erased; // consecutive erased lines before this one
        private long faultsHere;

        FileCheck(LogLines lines) {
            this.lines = lines;
            line = lines.line();
        }

        void run(boolean isActive) throws IOException {
            try (lines) {
                while (lines.next()) {
                    number++;
                    if (lines.isMessage()) {
                        message();
                    } else {
                        wrong("is no message as a server writes it");
                    }
                    if (number % LINES_BETWEEN_PROGRESS == 0) {
                        progress.accept(bytesBefore + lines.bytesRead(), bytes);
                    }
                }
                if (!isActive && part < parts) { // the active one is being written
                    wrong("is message " + part + " of " + parts + ", and the others are missing");
                }
                if (!isActive && lines.hasTornEnd()) {
                    number++;
                    wrong("is torn: the file ends within it");
                }
                bytesBefore += lines.bytesRead();
            } finally {
                checked.add(lines.path());
                messages += held - repeats;
                report.accept(summary());
                if (earlier.isPresent()) {
                    earlier.get().close();
                }
            }
        }

        private String summary() {
            String receipts = held == 0
                    ? ""
                    : ", receipts " + first + " to " + last + ", " + LineText.time(firstMicros) + " to "
                            + LineText.time(lastMicros);
            return lines.path().getFileName() + ": " + held + " messages" + receipts
                    + (repeats == 0 ? "" : ", the first " + repeats + " repeated after a repair")
                    + (faultsHere < 2 ? "" : ", " + (faultsHere - 1) + " more of its lines are wrong");
        }

        private void message() throws IOException {
            if (held == 0) {
                first = line.receipt();
                firstMicros = line.micros();
                firstReceipt = firstReceipt == 0 ? first : firstReceipt;
                if (lastReceipt > 0 && first > lastReceipt + 1) {
                    gap(first);
                }
            } else if (line.receipt() != last + 1) {
                wrong("has receipt " + line.receipt() + " after " + last);
            } else if (line.micros() < lastMicros) {
                wrong("has a time before that of the line before");
            }
            if (line.receipt() <= lastReceipt) {
                repeats++;
                if (!isRepeat()) {
                    wrong("has receipt " + line.receipt() + ", which is another message's");
                }
            }
            part();
            held++;
            last = line.receipt();
            lastMicros = line.micros();
            lastReceipt = Math.max(lastReceipt, last);
        }

        /** Whether an earlier file has the same line, or lacks it. */
        private boolean isRepeat() throws IOException {
            if (earlier.isEmpty()) {
                earlier = Optional.of(FileLogReader.ofFiles(checked, LogRange.from(line.receipt())));
                hasEarlier = earlier.get().next();
            }
            FileLogReader reader = earlier.get();
            while (hasEarlier && reader.line().receipt() < line.receipt()) {
                hasEarlier = reader.next();
            }
            return !hasEarlier
                    || reader.line().receipt() > line.receipt()
                    || reader.line().isSame(line);
        }

        /**
         * The messages of a request are consecutive, in order, in one file. An erased message has lost its part number.
         */
        private void part() {
            if (line.isErased()) {
                erased++;
                part += part < parts ? 1 : 0;
                return;
            }
            boolean isNext =
                    part < parts ? line.parts() == parts && line.part() == part + 1 : line.part() - 1 <= erased;
            if (!isNext) {
                wrong("is message " + line.part() + " of " + line.parts() + ", after " + part + " of " + parts);
            }
            erased = 0;
            part = line.part();
            parts = line.parts();
        }

        private void wrong(String what) {
            if (faultsHere++ == 0) {
                fault("line " + number + " of " + lines.path() + " " + what);
            } else {
                faults++;
            }
        }
    }
}
