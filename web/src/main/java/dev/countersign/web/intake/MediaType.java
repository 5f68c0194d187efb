package dev.countersign.web.intake;

import static java.util.regex.Pattern.CASE_INSENSITIVE;

import jakarta.servlet.http.HttpServletRequest;
import java.util.Enumeration;
import java.util.regex.Pattern;

/** The accepted content types, parsed with the grammar of RFC 9110, 8.3, but without escapes in a charset. */
enum MediaType {
    JSON("application/json"),
    PLAIN_TEXT("text/plain");

    private static final String TOKEN = "[\\w!#$%&'*+.^`|~-]++";
    private static final String QUOTED = "\"(?:[^\"\\\\]|\\\\.)*+\"";
    private static final String OTHER = "(?!charset=)" + TOKEN + "=(?:" + TOKEN + "|" + QUOTED + ")";

    /** UTF-8, and not if group 1 has matched before: a charset may come once. */
    private static final String CHARSET = "(?!\\1)(charset)=(?:utf-8|\"utf-8\")";

    private final String name;
    private final Pattern pattern;

    MediaType(String name) {
        this.name = name;
        pattern =
                Pattern.compile(name + "(?:[ \\t]*+;[ \\t]*+(?:" + OTHER + "|" + CHARSET + ")?+)*+", CASE_INSENSITIVE);
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
                || pattern.matcher(contentType).matches();
    }
}
