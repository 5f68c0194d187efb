package dev.countersign.core;

/** How the server keeps the files of the log. */
public record LogSettings(
        @Setting(
                name = "keep-free",
                label = "BYTES",
                min = 0,
                help = "While the disk has less free space than this, messages get a 503, before a write fails. A"
                        + " start may need as much as the default.")
        long keepFreeBytes,

        @Setting(
                name = "roll-size",
                label = "BYTES",
                min = 64 * 1024,
                help = "A log file that reaches this size is renamed to messages-FIRST-LAST.jsonl (its first and last"
                        + " receipt), and a new one begins.")
        long rollBytes,

        @Setting(
                name = "roll-daily",
                label = "true|false",
                help = "Begins a new log file with each day in UTC, if the current one has messages.")
        boolean rollsDaily,

        @Setting(
                name = "keep-bytes",
                label = "BYTES",
                min = 0,
                help = "Removes the oldest renamed log files while all of them together take more than this. 0 keeps"
                        + " all.")
        long keepBytes,

        @Setting(
                name = "keep-days",
                label = "DAYS",
                min = 0,
                max = 36_500,
                help = "Removes renamed log files whose messages are all older than this. 0 keeps all.")
        int keepDays,

        @Setting(name = "compress-rolled", label = "true|false", help = "Compresses renamed log files with gzip.")
        boolean compressesRolled,

        @Setting(
                name = "group-readable",
                label = "true|false",
                help = "Lets the group of the server's user read logs/ (modes 640 and 750).")
        boolean groupReadable) {

    /** The size of the journal's ring: a start may need this much to copy the whole journal to the log. */
    private static final long DEFAULT_KEEP_FREE_BYTES = 64 * 1024 * 1024;

    static LogSettings defaults() {
        return new LogSettings(DEFAULT_KEEP_FREE_BYTES, 128 * 1024 * 1024, false, 0, 0, false, false);
    }
}
