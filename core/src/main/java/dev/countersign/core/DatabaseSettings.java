package dev.countersign.core;

import java.time.Duration;

/** Where the server keeps registrations. */
public record DatabaseSettings(
        @Setting(
                name = "database",
                label = "URL",
                byDefault = "SQLite in the home",
                help = "jdbc:postgresql://HOST:PORT/NAME keeps registrations in PostgreSQL, for several servers. For"
                        + " user and password see docs/several-machines.md.")
        String url,

        @Setting(name = "database-user", label = "NAME", isSecret = true, help = "PostgreSQL user.")
        String user,

        @Setting(name = "database-password", label = "PASSWORD", isSecret = true, help = "PostgreSQL password.")
        String password,

        @Setting(
                name = "stale-codes",
                label = "SECONDS",
                min = 5,
                max = 86_400,
                help = "While the database doesn't answer, codes that the server knows are accepted for this long;"
                        + " then they get a 503.")
        Duration staleCodes) {

    /** SQLite in the home. */
    public static DatabaseSettings defaults() {
        return new DatabaseSettings("", "", "", Duration.ofMinutes(1));
    }

    public boolean isInHome() {
        return url.isEmpty();
    }

    /** The URL without its parameters, which may hold passwords. */
    public String shownUrl() {
        return url.replaceFirst("\\?.*", "");
    }

    /** Hides user and password. */
    @Override
    public String toString() {
        return "DatabaseSettings[" + shownUrl() + ", " + staleCodes + "]";
    }
}
