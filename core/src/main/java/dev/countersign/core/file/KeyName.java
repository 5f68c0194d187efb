package dev.countersign.core.file;

/** The digests of a client id and of one of this client's keys. */
record KeyName(Digest id, Digest key) {}
