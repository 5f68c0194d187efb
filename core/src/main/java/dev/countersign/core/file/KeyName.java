package dev.countersign.core.file;

/** Digests of a client id and of a key that this client chose. */
record KeyName(Digest id, Digest key) {}
