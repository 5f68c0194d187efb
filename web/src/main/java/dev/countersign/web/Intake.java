package dev.countersign.web;

import dev.countersign.core.MemoryBudget;

/**
 * What the servlets share that take requests with a body.
 *
 * @param bodyMemory bounds what the bodies hold that arrive after their headers, on all ports together
 */
record Intake(Limits limits, Quotas quotas, MemoryBudget bodyMemory, ServerThreads threads) {

    Intake(HttpSettings http, ServerThreads threads) {
        this(
                http.limits(),
                new Quotas(http.quotas()),
                new MemoryBudget(http.limits().bodyMemoryBytes()),
                threads);
    }
}
