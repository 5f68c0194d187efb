package dev.countersign.web;

import dev.countersign.core.StoreSettings;

/** How the service runs. */
public record Settings(HttpSettings http, StoreSettings store) {

    static Settings defaults() {
        return new Settings(HttpSettings.on("", 8000, 8001), StoreSettings.defaults());
    }

    /** The defaults on free ports of the loopback address, for a server within another program. */
    public static Settings local() {
        return new Settings(HttpSettings.local(), StoreSettings.defaults());
    }
}
