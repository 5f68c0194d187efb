package dev.countersign.perf.capacity;

/** An id and the code that the server gave it, as {@code POST /register} answers them. */
public record Credential(String id, String code) {}
