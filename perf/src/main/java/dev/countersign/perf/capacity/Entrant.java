package dev.countersign.perf.capacity;

import dev.countersign.perf.server.ServerJvm;

/** One of those that take turns: a server, and what its clients send in its turns. */
record Entrant(ServerJvm server, Workload workload) {}
