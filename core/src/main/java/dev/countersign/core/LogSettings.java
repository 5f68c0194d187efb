package dev.countersign.core;

/** How the files of the log are kept. */
public record LogSettings(
        @Setting(
                name = "keep-free",
                label = "BYTES",
                min = 0,
                help =
                        "Where less of the disk is free, messages get a 503, before a write fails; a start may need as much"
                                + " as the default.")
        long keepFreeBytes,

        @Setting(
                name = "roll-size",
                label = "BYTES",
                min = 64 * 1024,
                help = "A log file that has reached this is renamed for its receipts, and a new one begins.")
        long rollBytes,

        @Setting(
                name = "roll-daily",
                label = "true|false",
                help = "A new log file begins with each day in UTC, if the one before has messages.")
        boolean rollsDaily,

        @Setting(
                name = "keep-bytes",
                label = "BYTES",
                min = 0,
                help = "Where the renamed log files take more than this, the oldest are removed; 0 keeps all.")
        long keepBytes,

        @Setting(
                name = "keep-days",
                label = "DAYS",
                min = 0,
                max = 36_500,
                help = "Renamed log files whose messages are all older are removed; 0 keeps all.")
        int keepDays,

        @Setting(name = "compress-rolled", label = "true|false", help = "Packs renamed log files by gzip.")
        boolean compressesRolled,

        @Setting(
                name = "group-readable",
                label = "true|false",
                help = "Lets the group of the server's user read logs/, with modes 640 and 750.")
        boolean groupReadable) {

    /** What a start may need to give the log all that the journal holds: as much as the journal's ring. */
    private static final long DEFAULT_KEEP_FREE_BYTES = 64 * 1024 * 1024;

    static LogSettings defaults() {
        return new LogSettings(DEFAULT_KEEP_FREE_BYTES, 128 * 1024 * 1024, false, 0, 0, false, false);
    }

    public LogSettings withRollBytes(long changed) {
        return new LogSettings(
                keepFreeBytes, changed, rollsDaily, keepBytes, keepDays, compressesRolled, groupReadable);
    }

    public LogSettings withKept(long bytes, boolean compressed) {
        return new LogSettings(keepFreeBytes, rollBytes, rollsDaily, bytes, keepDays, compressed, groupReadable);
    }
}
