/** JMeter's plans: run against a server of their own, verified against what it kept, and held to the thresholds. */
package dev.countersign.perf.load;
