package dev.countersign.web;

import dev.countersign.core.MemoryBudget;

/**
 * What the servlets share that take requests with a body.
 *
 * @param bodyMemory bounds what the bodies hold that arrive after their headers, on all ports together
 */
record Intake(Limits limits, MemoryBudget bodyMemory, ServerThreads threads) {

    Intake(Limits limits, ServerThreads threads) {
        this(limits, new MemoryBudget(limits.bodyMemoryBytes()), threads);
    }
}
