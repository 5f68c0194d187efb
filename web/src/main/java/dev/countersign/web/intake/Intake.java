package dev.countersign.web.intake;

import dev.countersign.core.MemoryBudget;
import dev.countersign.web.http.Limits;
import dev.countersign.web.http.ServerThreads;

/**
 * What all servlets for requests with a body share.
 *
 * @param bodyMemory for bodies that arrive after their headers, on all ports together
 */
public record Intake(Limits limits, Quotas quotas, MemoryBudget bodyMemory, ServerThreads threads) {

    public Intake(Limits limits, QuotaSettings quotas, ServerThreads threads) {
        this(limits, new Quotas(quotas), new MemoryBudget(limits.bodyMemoryBytes()), threads);
    }
}
