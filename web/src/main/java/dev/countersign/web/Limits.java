package dev.countersign.web;

import dev.countersign.core.StoreSettings;
import java.time.Duration;

/**
 * What clients may take of the server, and for how long.
 *
 * @param maxBodyBytes a larger body is refused
 * @param bodyMemoryBytes heap for bodies that arrive after their headers; requests beyond it are refused
 * @param maxConnections on both ports together; one port alone gets at most 7/8 of them
 * @param headerTimeout from a request's first byte until its headers are there
 * @param bodyTimeout from a request's headers until its body is there
 * @param idleTimeout after which a connection on which nothing moves is closed
 */
public record Limits(
        int maxBodyBytes,
        long bodyMemoryBytes,
        int maxConnections,
        Duration headerTimeout,
        Duration bodyTimeout,
        Duration idleTimeout) {

    public static Limits defaults() {
        return new Limits(
                64 * 1024,
                StoreSettings.shareOfHeap(),
                Connections.defaultLimit(),
                Duration.ofSeconds(30),
                Duration.ofSeconds(30),
                Duration.ofSeconds(30));
    }

    public Limits withBodyTimeout(Duration timeout) {
        return new Limits(maxBodyBytes, bodyMemoryBytes, maxConnections, headerTimeout, timeout, idleTimeout);
    }
}
