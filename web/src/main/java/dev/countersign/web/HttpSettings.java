package dev.countersign.web;

/**
 * How the server listens.
 *
 * @param host address to listen on; empty for all of this machine's
 * @param registerPort 0 for any that is free
 * @param messagePort 0 for any that is free
 */
public record HttpSettings(String host, int registerPort, int messagePort, Limits limits) {

    /** The defaults on free ports of the loopback address, for a server within another program. */
    public static HttpSettings local() {
        return new HttpSettings("127.0.0.1", 0, 0, Limits.defaults());
    }

    public HttpSettings withLimits(Limits changed) {
        return new HttpSettings(host, registerPort, messagePort, changed);
    }
}
