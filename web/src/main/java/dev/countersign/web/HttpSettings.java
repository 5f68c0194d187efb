package dev.countersign.web;

import java.time.Duration;

/**
 * How the server listens.
 *
 * @param host address to listen on; empty for all of this machine's
 * @param registerPort 0 for any that is free
 * @param messagePort 0 for any that is free
 * @param maxBodyBytes a larger body is refused
 * @param bodyTimeout from a request's headers until its body is there
 * @param idleTimeout after which a connection on which nothing moves is closed
 */
public record HttpSettings(
        String host, int registerPort, int messagePort, int maxBodyBytes, Duration bodyTimeout, Duration idleTimeout) {

    /** The defaults on free ports of the loopback address, for a server within another program. */
    public static HttpSettings local() {
        return new HttpSettings("127.0.0.1", 0, 0, 64 * 1024, Duration.ofSeconds(30), Duration.ofSeconds(30));
    }
}
