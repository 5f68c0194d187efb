package dev.countersign.perf;

/** One of those that take turns: a server, and what its clients send in its turns. */
record Entrant(ServerJvm server, Workload workload) {}
