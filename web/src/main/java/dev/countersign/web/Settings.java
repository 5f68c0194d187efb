package dev.countersign.web;

import dev.countersign.core.Sync;

/**
 * How the service runs.
 *
 * @param sync what an answer of 201 promises
 * @param queueSize registrations, and messages, that may wait for their commit; more are refused with 503
 */
public record Settings(HttpSettings http, Sync sync, int queueSize) {

    /** The defaults on free ports of the loopback address, for a server within another program. */
    public static Settings local() {
        return new Settings(HttpSettings.local(), Sync.ALWAYS, 4096);
    }
}
