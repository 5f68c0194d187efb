package dev.countersign.web;

import dev.countersign.core.ClientId;
import dev.countersign.core.Code;
import java.util.List;

/**
 * Texts to be logged, and who says to have sent them.
 *
 * @param isList whether they came as {@code messages}; one text alone is a {@code message}
 */
record NewMessages(ClientId id, Code code, List<String> texts, boolean isList) {}
