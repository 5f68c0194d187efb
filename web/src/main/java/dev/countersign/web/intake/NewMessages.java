package dev.countersign.web.intake;

import java.util.List;

/**
 * What a request for {@code /message} asks for: texts to log, and whose they are.
 *
 * @param isList whether they came as {@code messages}, and not as {@code message}
 */
record NewMessages(Credentials sender, List<String> texts, boolean isList) {}
