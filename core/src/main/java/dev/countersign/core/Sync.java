package dev.countersign.core;

/** When what was written is flushed to disk. */
public enum Sync {
    /** Before it is acknowledged: neither a crash nor a loss of power loses it. */
    ALWAYS,
    /** When the operating system sees fit: a killed process loses nothing, a loss of power the last seconds. */
    OS
}
