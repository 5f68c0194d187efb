package dev.countersign.core.file;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The names of log files that are no longer written to: {@code messages-FIRST-LAST.jsonl}, which sort by receipt. */
final class LogNames {

    private static final Pattern ASIDE = Pattern.compile("messages-\\d{16,19}-(0?\\d{16,18})\\..*");

    private LogNames() {}

    /** Renames the active file for its first and last receipt; never over a name that exists. */
    static Path setAside(Disk disk, Path active, long first, long last) throws IOException {
        String receipts = String.format(Locale.ROOT, "messages-%019d-%019d", first, Math.max(first, last));
        Path aside = active.resolveSibling(receipts + ".jsonl");
        for (int copy = 2; disk.stat(aside).isPresent(); copy++) {
            aside = active.resolveSibling(receipts + "." + copy + ".jsonl"); // set aside with the same lines before
        }
        disk.rename(active, aside);
        return aside;
    }

    /** The greatest receipt that the names in the log's folder tell, packed files included. */
    static long lastReceipt(Disk disk, Path active) throws IOException {
        long last = 0;
        for (Path file : disk.list(active.getParent())) {
            Matcher name = ASIDE.matcher(file.getFileName().toString());
            if (name.matches()) {
                last = Math.max(last, Long.parseLong(name.group(1)));
            }
        }
        return last;
    }
}
