/** What every run has: steps, and an end that leaves nothing behind. */
package dev.countersign.perf.run;
