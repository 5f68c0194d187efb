package dev.countersign.core;

/** When writes are flushed to disk. */
public enum Sync {
    /** Before they are acknowledged: neither a crash nor a power cut loses them. */
    ALWAYS,
    /** When the operating system chooses: a killed process loses nothing, a power cut loses the last seconds. */
    OS
}
