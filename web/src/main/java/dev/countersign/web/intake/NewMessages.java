package dev.countersign.web.intake;

import java.util.List;

/**
 * Texts to log.
 *
 * @param isList whether they came as {@code messages}, and not as {@code message}
 */
record NewMessages(Credentials sender, List<String> texts, boolean isList) {}
