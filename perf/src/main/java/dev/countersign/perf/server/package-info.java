/** A server as it is measured: its command, its JVM, and a home folder filled beforehand. */
package dev.countersign.perf.server;
