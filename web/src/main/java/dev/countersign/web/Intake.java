package dev.countersign.web;

import dev.countersign.core.MemoryBudget;

/**
 * What all servlets for requests with a body share.
 *
 * @param bodyMemory for bodies that arrive after their headers, on all ports together
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
