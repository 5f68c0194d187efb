package dev.countersign.web;

import dev.countersign.core.ClientId;

/** A request for a code. */
record NewRegistration(ClientId id) {}
