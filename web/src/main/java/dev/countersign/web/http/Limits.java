package dev.countersign.web.http;

import dev.countersign.core.Setting;
import dev.countersign.core.StoreSettings;
import java.time.Duration;

/**
 * Limits for all clients.
 *
 * @param maxConnections 0 for as many as open files and heap allow; not computed here, because that would slow down
 *     every command
 */
public record Limits(
        @Setting(name = "max-body", label = "BYTES", min = 128, max = 1024 * 1024, help = "A larger body gets a 413.")
        int maxBodyBytes,

        @Setting(
                name = "body-memory",
                label = "BYTES",
                byDefault = "1/8 of the heap",
                help = "Heap for bodies that arrive after their headers; requests beyond it get a 503.")
        long bodyMemoryBytes,

        @Setting(
                name = "max-connections",
                label = "COUNT",
                min = 16,
                max = 1_000_000,
                byDefault = "as the open-file limit and half of the heap allow",
                help = "Open connections on both ports, at most 7/8 of them on one. Beyond that the connections idle"
                        + " longest are closed, or new ones get a 503.")
        int maxConnections,

        @Setting(name = "header-timeout", label = "SECONDS", max = 86_400, help = "For headers, from their first byte.")
        Duration headerTimeout,

        @Setting(name = "body-timeout", label = "SECONDS", max = 86_400, help = "For a body, after its headers.")
        Duration bodyTimeout,

        @Setting(name = "idle-timeout", label = "SECONDS", max = 86_400, help = "Closes silent connections.")
        Duration idleTimeout) {

    public static Limits defaults() {
        Duration timeout = Duration.ofSeconds(30);
        return new Limits(64 * 1024, StoreSettings.shareOfHeap(), 0, timeout, timeout, timeout);
    }
}
