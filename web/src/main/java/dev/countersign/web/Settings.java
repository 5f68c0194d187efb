package dev.countersign.web;

import dev.countersign.core.StoreSettings;

/** All settings of the server. */
public record Settings(HttpSettings http, StoreSettings store) {

    static Settings defaults() {
        return new Settings(HttpSettings.on("", 8000, 8001), StoreSettings.defaults());
    }

    /** The defaults with free ports on the loopback address, for a server within another program. */
    public static Settings local() {
        return new Settings(HttpSettings.on("127.0.0.1", 0, 0), StoreSettings.defaults());
    }
}
