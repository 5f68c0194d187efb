/** A server as it is measured: its command and its JVM. */
package dev.countersign.perf.server;
