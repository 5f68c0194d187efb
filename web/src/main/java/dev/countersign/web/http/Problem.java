package dev.countersign.web.http;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.util.Locale;
import java.util.Map;
import tools.jackson.core.io.JsonStringEncoder;

/** The reasons for refusals, in the format of RFC 9457. Nothing in the detail comes from the client. */
public enum Problem {
    MALFORMED_REQUEST(400, "Malformed request", "The request can't be read."),
    INVALID_ID(400, "Invalid id", "An id is 1 to 64 of A-Z a-z 0-9 . _ -"),
    CREDENTIALS_MISSING(401, "Credentials missing", "Plain text needs Authorization: Basic, with the id and the code."),
    WRONG_CODE(403, "Wrong code", "This is not the code of this id."),
    NOT_FOUND(404, "Not found", "There is no such path on this port."),
    METHOD_NOT_ALLOWED(405, "Method not allowed", "The header Allow names the methods of this path."),
    REQUEST_TIMEOUT(408, "Request timeout", "The request took too long to arrive."),
    ID_TAKEN(409, "Id taken", "This id is registered already; choose another."),
    BODY_TOO_LARGE(413, "Body too large", "The body is larger than this server takes."),
    UNSUPPORTED_MEDIA_TYPE(
            415,
            "Unsupported media type",
            "The content type must be application/json in UTF-8 or, for a message, text/plain in UTF-8."),
    KEY_REUSED(422, "Key reused", "This Idempotency-Key was used for another request."),
    TOO_MANY_REQUESTS(
            429,
            "Too many requests",
            "This address or id has sent more than its share; nothing was done. Try again later."),
    HEADERS_TOO_LARGE(431, "Headers too large", "The request line or the headers are larger than this server takes."),
    INTERNAL_ERROR(500, "Internal error", "The server failed; nothing was acknowledged."),
    OVERLOADED(503, "Overloaded", "Too much work is waiting; nothing was done. Try again."),
    UNAVAILABLE(503, "Unavailable", "The server can't take work now; nothing was acknowledged. Try again.");

    public static final String MEDIA_TYPE = "application/problem+json";

    private final int status;
    private final String title;
    private final byte[] json;
    private final Map<String, String> headers;

    Problem(int status, String title, String detail) {
        this.status = status;
        this.title = title;
        this.json = json(detail);
        headers = switch (status) {
            case 401 -> Map.of("WWW-Authenticate", "Basic realm=\"countersign\", charset=\"UTF-8\"");
            case 429, 503 -> Map.of("Retry-After", "1"); // seconds
            default -> Map.of();
        };
    }

    public int status() {
        return status;
    }

    /** The last part of the type, such as {@code "wrong-code"}. */
    public String kind() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /** The headers that an answer of this kind has besides those of every answer. */
    public Map<String, String> headers() {
        return headers;
    }

    public byte[] json() {
        return json;
    }

    /** The same with another detail, which must not contain anything that the client sent. */
    public byte[] json(String detail) {
        StringBuilder json = new StringBuilder("{\"type\":\"urn:countersign:problem:")
                .append(kind())
                .append("\",\"title\":\"")
                .append(title)
                .append("\",\"status\":")
                .append(status)
                .append(",\"detail\":\"");
        JsonStringEncoder.getInstance().quoteAsString(detail, json);
        return json.append("\"}").toString().getBytes(UTF_8);
    }

    /** The complete answer for a connection that is closed after it. */
    byte[] lastAnswer(boolean hasBody) {
        StringBuilder answer =
                new StringBuilder("HTTP/1.1 " + status + " " + title + "\r\nContent-Type: " + MEDIA_TYPE);
        headers.forEach((name, value) -> answer.append("\r\n" + name + ": " + value));
        answer.append("\r\nContent-Length: " + json.length + "\r\nConnection: close\r\n\r\n");
        return answer.append(hasBody ? new String(json, UTF_8) : "").toString().getBytes(UTF_8);
    }

    /** The problem for a status that Jetty chose. */
    static Problem of(int status) {
        return switch (status) {
            case 404 -> NOT_FOUND;
            case 405 -> METHOD_NOT_ALLOWED;
            case 408 -> REQUEST_TIMEOUT;
            case 413 -> BODY_TOO_LARGE;
            case 414, 431 -> HEADERS_TOO_LARGE;
            case 415 -> UNSUPPORTED_MEDIA_TYPE;
            case 503 -> UNAVAILABLE;
            case 505 -> MALFORMED_REQUEST; // not a version of HTTP
            default -> status < 500 ? MALFORMED_REQUEST : INTERNAL_ERROR;
        };
    }
}
