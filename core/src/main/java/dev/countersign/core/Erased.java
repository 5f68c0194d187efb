package dev.countersign.core;

/**
 * What was erased, and what was not.
 *
 * @param messages that were; one that stood in two files counts twice
 * @param left names files in which messages of the id may be yet, each with the reason
 */
public record Erased(long messages, String left) {}
