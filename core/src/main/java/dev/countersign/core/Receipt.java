package dev.countersign.core;

/**
 * Where a message stands in the log.
 *
 * @param number rises by one a line, from 1; clients take it as opaque text
 * @param time when it was written, as the log's line says it: RFC 3339, UTC, milliseconds
 */
public record Receipt(long number, String time) {}
