/** Measured values and their limits, for load runs and capacity runs alike. */
package dev.countersign.perf.threshold;
