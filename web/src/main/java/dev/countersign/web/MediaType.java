package dev.countersign.web;

import java.util.Enumeration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads a Content-Type by the grammar of RFC 9110, 8.3; what is not of the grammar is no type that we know. */
final class MediaType {

    private static final String JSON = "application/json";
    private static final String TOKEN = "[\\w!#$%&'*+.^`|~-]++";
    private static final String QUOTED = "\"(?<quoted>(?:[^\"\\\\]|\\\\.)*+)\"";
    private static final Pattern PARAMETER =
            Pattern.compile("[ \\t]*+;[ \\t]*+(?:(?<name>" + TOKEN + ")=(?:(?<token>" + TOKEN + ")|" + QUOTED + "))?+");

    private MediaType() {}

    /** @param contentTypes the request's headers of that name: there must be one */
    static boolean isJson(Enumeration<String> contentTypes) {
        return contentTypes.hasMoreElements() && isJson(contentTypes.nextElement()) && !contentTypes.hasMoreElements();
    }

    private static boolean isJson(String contentType) {
        return contentType.equals(JSON) // as most say it
                || contentType.regionMatches(true, 0, JSON, 0, JSON.length())
                        && isUtf8(contentType, PARAMETER.matcher(contentType));
    }

    /** Whether nothing but parameters follows the type, among them no charset or one of UTF-8. */
    private static boolean isUtf8(String contentType, Matcher parameter) {
        int charsets = 0;
        int end = JSON.length();
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
