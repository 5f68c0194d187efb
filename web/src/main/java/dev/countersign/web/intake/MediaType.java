package dev.countersign.web.intake;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Enumeration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The accepted content types, parsed with the grammar of RFC 9110, 8.3. */
enum MediaType {
    JSON("application/json"),
    PLAIN_TEXT("text/plain");

    private static final String TOKEN = "[\\w!#$%&'*+.^`|~-]++";
    private static final String QUOTED = "\"(?<quoted>(?:[^\"\\\\]|\\\\.)*+)\"";
    private static final Pattern PARAMETER =
            Pattern.compile("[ \\t]*+;[ \\t]*+(?:(?<name>" + TOKEN + ")=(?:(?<token>" + TOKEN + ")|" + QUOTED + "))?+");

    private final String name;

    MediaType(String name) {
        this.name = name;
    }

    /** Whether the request has exactly one Content-Type, this one, in UTF-8. */
    boolean isThatOf(HttpServletRequest request) {
        Enumeration<String> contentTypes = request.getHeaders("Content-Type");
        return contentTypes.hasMoreElements()
                && isNamedBy(contentTypes.nextElement())
                && !contentTypes.hasMoreElements();
    }

    private boolean isNamedBy(String contentType) {
        return contentType.equals(name) // as in most requests
                || contentType.regionMatches(true, 0, name, 0, name.length())
                        && isUtf8(contentType, PARAMETER.matcher(contentType));
    }

    /** Whether only parameters follow the name, and any charset is UTF-8. */
    private boolean isUtf8(String contentType, Matcher parameter) {
        int charsets = 0;
        int end = name.length();
        while (parameter.region(end, contentType.length()).lookingAt()) {
            if ("charset".equalsIgnoreCase(parameter.group("name"))) {
                if (++charsets > 1 || !value(parameter).equalsIgnoreCase("utf-8")) {
                    return false;
                }
            }
            end = parameter.end();
        }
        return end == contentType.length();
    }

    private static String value(Matcher parameter) {
        return Optional.ofNullable(parameter.group("token"))
                .orElseGet(() -> parameter.group("quoted").replaceAll("\\\\(.)", "$1"));
    }
}
