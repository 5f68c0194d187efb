package dev.countersign.perf.load;

/**
 * What a scenario came to.
 *
 * @param loadCpuPercent of one core, of the process that made the load, in the steady part
 * @param loadMaxPauseMillis its longest pause for garbage collection
 * @param serverCpuMicrosPerRequest in the steady part
 */
record Measured(
        Scenario scenario,
        Figures figures,
        Verifier.Findings findings,
        double loadCpuPercent,
        double loadMaxPauseMillis,
        double serverCpuMicrosPerRequest) {

    /** Messages that don't stand in the log as they were acknowledged. */
    long notKept() {
        return findings.lost() + findings.doubled() + findings.altered();
    }

    /** Lines of the log that should not be there. */
    long notSent() {
        return findings.forged() + findings.refusedLogged();
    }

    /** Registrations for which answers, codes and rows don't agree. */
    long atOdds() {
        return findings.stray() + findings.registered() - findings.distinctCodes();
    }

    /** How far what was delivered is from what the plan asks for. */
    double percentOff() {
        return Math.abs(figures.achieved() / scenario.offered() - 1) * 100;
    }
}
