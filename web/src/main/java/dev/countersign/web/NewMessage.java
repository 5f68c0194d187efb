package dev.countersign.web;

import dev.countersign.core.ClientId;
import dev.countersign.core.Code;

/** A text to be logged, and who says to have sent it. */
record NewMessage(ClientId id, Code code, String text) {}
