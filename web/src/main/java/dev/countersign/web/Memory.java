package dev.countersign.web;

/** How much memory the JVM may take. */
final class Memory {

    private Memory() {}

    /** The part of the heap that one of the budgets has by default: an eighth, in bytes. */
    static long share() {
        return Runtime.getRuntime().maxMemory() / 8;
    }
}
