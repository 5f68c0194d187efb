package dev.countersign.web;

import java.util.List;

/**
 * Texts to be logged.
 *
 * @param isList whether they came as {@code messages}; one text alone is a {@code message}
 */
record NewMessages(Credentials sender, List<String> texts, boolean isList) {}
