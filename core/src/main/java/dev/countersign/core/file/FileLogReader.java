package dev.countersign.core.file;

import dev.countersign.core.Home;
import dev.countersign.core.LineText;
import dev.countersign.core.LogLine;
import dev.countersign.core.LogRange;
import dev.countersign.core.LogReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/** Reads the files of a log, oldest first, while the server writes, renames, compresses and removes them. */
public final class FileLogReader implements LogReader {

    private final Optional<Path> activePath; // empty if it reads given files
    private final long sinceMicros;
    private final long untilMicros;
    private final Deque<StoredFile> stored = new ArrayDeque<>();
    private long from; // the lowest receipt to return next
    private Optional<LogLines> current = Optional.empty();
    private Optional<LogLines> active = Optional.empty();
    private Optional<Object> activeIdentity = Optional.empty();
    private long lastNamed; // the last receipt in the current file's name
    private boolean isReplaced;
    private long foreignLines;

    private FileLogReader(Optional<Path> activePath, LogRange range) {
        this.activePath = activePath;
        sinceMicros = LineText.micros(range.since());
        untilMicros = LineText.micros(range.until());
        from = range.fromReceipt();
    }

    /** Reads the log with this active file, which need not exist yet. */
    public static FileLogReader ofLog(Path active, LogRange range) throws IOException {
        FileLogReader reader = new FileLogReader(Optional.of(active), range);
        try {
            reader.list();
            reader.startWithLast(range.last());
            return reader;
        } catch (IOException | RuntimeException e) {
            reader.close();
            throw e;
        }
    }

    /** Reads the given files in the order of their receipts. */
    public static FileLogReader ofFiles(List<Path> files, LogRange range) throws IOException {
        FileLogReader reader = new FileLogReader(Optional.empty(), range);
        reader.stored.addAll(StoredFile.sorted(files));
        reader.startWithLast(range.last());
        return reader;
    }

    /**
     * Copies a log that a server may be writing: complete requests, with all that were acknowledged when this began.
     */
    public static void copyLog(Path active, Path copy) throws IOException {
        Optional<LogLines> opened = LogLines.open(active); // first: if it is renamed now, no message escapes
        List<StoredFile> newestFirst = new ArrayList<>(StoredFile.before(active, opened));
        Collections.reverse(newestFirst); // so that the copy has no gap if the oldest are removed meanwhile
        if (opened.isPresent()) {
            try (LogLines lines = opened.get()) {
                lines.copyTo(copy, lines.last().end());
            }
        }
        for (StoredFile each : newestFirst) {
            Optional<LogLines> stored = each.open();
            if (stored.isPresent()) { // otherwise it was removed meanwhile
                try (LogLines lines = stored.get()) {
                    lines.copyTo(copy.resolveSibling(lines.path().getFileName()), lines.bytes());
                }
            }
        }
        Home.flushFolder(copy.getParent());
    }

    @Override
    public boolean next() throws IOException {
        while (true) {
            if (current.isEmpty() || !current.get().next()) {
                if (!goOn()) {
                    return false;
                }
            } else if (!current.get().isMessage() || line().receipt() > lastNamed) {
                foreignLines++;
            } else if (line().micros() > untilMicros) {
                if (!goOn()) { // after the clock was set back, the next file may have some
                    return false;
                }
            } else if (line().receipt() >= from && line().micros() >= sinceMicros) {
                from = line().receipt() + 1;
                return true;
            }
        }
    }

    @Override
    public void writeLine(OutputStream target) throws IOException {
        line().writeTo(target);
    }

    @Override
    public long foreignLines() {
        return foreignLines;
    }

    @Override
    public void close() throws IOException {
        for (Optional<LogLines> each : List.of(current, active)) {
            if (each.isPresent()) {
                each.get().close();
            }
        }
    }

    @Override
    public LogLine line() {
        return current.orElseThrow(() -> new IllegalStateException("it stands on no message"))
                .line();
    }

    /** Opens the active file before it lists the others, so that a file that is renamed meanwhile is not missed. */
    private void list() throws IOException {
        Path path = activePath.orElseThrow();
        do {
            close();
            activeIdentity = identity(path);
            active = LogLines.open(path);
        } while (!identity(path).equals(activeIdentity));
        current = Optional.empty();
        isReplaced = false;
        stored.clear();
        stored.addAll(StoredFile.before(path, active));
    }

    /** Moves to the next file that may have messages in the range; false if there is none yet. */
    private boolean goOn() throws IOException {
        while (!stored.isEmpty()) {
            StoredFile file = stored.remove();
            if (file.last().isEmpty() && activePath.isPresent() && hasMoved(file)) {
                list();
            } else if (!endsBeforeRange(file)) {
                Optional<LogLines> opened = file.open();
                if (opened.isPresent()) {
                    goTo(opened, file.last().orElse(Long.MAX_VALUE));
                    return true;
                }
            }
        }
        if (active.isPresent() && !current.equals(active)) {
            goTo(active, Long.MAX_VALUE);
            return true;
        }
        if (isReplaced) {
            list();
            return true;
        }
        isReplaced = activePath.isPresent() && isReplaced(activePath.get());
        return isReplaced; // reads the old file to its end once more before it moves to the new one
    }

    /** Whether logrotate has renamed the file since it was listed. */
    private static boolean hasMoved(StoredFile file) {
        return !StoredFile.of(file.path()).equals(Optional.of(file));
    }

    /** Whether the file ends before the range, as far as its name or the start of the next file tells. */
    private boolean endsBeforeRange(StoredFile file) throws IOException {
        if (file.last().isPresent() && file.last().get() < from) {
            return true;
        }
        if (!StoredFile.isPacked(file.path())) {
            return false; // a search by bisection tells
        }
        if (stored.isEmpty()) {
            return active.isPresent() && startsBeforeRange(active.get());
        }
        Optional<LogLines> next = stored.peek().open();
        if (next.isEmpty()) {
            return false;
        }
        try (LogLines lines = next.get()) {
            return startsBeforeRange(lines);
        }
    }

    private boolean startsBeforeRange(LogLines lines) throws IOException {
        return lines.nextMessage()
                && (lines.line().receipt() <= from || lines.line().micros() <= sinceMicros);
    }

    private void goTo(Optional<LogLines> lines, long last) throws IOException {
        if (current.isPresent()) {
            current.get().close();
        }
        current = lines;
        lastNamed = last;
        lines.get().seek(from, sinceMicros);
    }

    private boolean isReplaced(Path path) throws IOException {
        Optional<Object> identity = identity(path);
        return identity.isPresent() && !identity.equals(activeIdentity)
                || active.isPresent() && active.get().isTruncated();
    }

    private static Optional<Object> identity(Path path) throws IOException {
        return LogLines.DISK.stat(path).map(Disk.Stat::identity);
    }

    /** Starts at the last messages of this number; counts by receipts, which rise by one within a file. */
    private void startWithLast(long count) throws IOException {
        if (count == Long.MAX_VALUE) {
            return;
        }
        List<StoredFile> newestFirst = new ArrayList<>(stored);
        if (active.isPresent()) {
            LogLines lines = active.get();
            newestFirst.add(new StoredFile(
                    lines.path(), lines.firstReceipt(), Optional.of(lines.last().receipt()), 1));
        }
        Collections.reverse(newestFirst);
        long missing = count;
        long counted = Long.MAX_VALUE; // from this receipt on
        for (StoredFile file : newestFirst) {
            long last = Math.min(file.lastReceipt(), counted - 1);
            long messages = last - file.first() + 1;
            if (file.first() > 0 && messages >= missing) {
                from = Math.max(from, last - missing + 1);
                return;
            }
            if (file.first() > 0 && messages > 0) {
                missing -= messages;
                counted = file.first();
            }
        }
    }
}
