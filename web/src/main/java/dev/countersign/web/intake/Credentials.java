package dev.countersign.web.intake;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.countersign.core.ClientId;
import dev.countersign.core.Code;
import dev.countersign.web.http.Problem;
import jakarta.servlet.http.HttpServletRequest;
import java.util.Base64;
import java.util.Enumeration;
import java.util.Optional;

/** The id and code that a request presents. */
record Credentials(ClientId id, Code code) {

    private static final String BASIC = "Basic";

    /** Whether the request has a header {@code Authorization: Basic}; other schemes are ignored. */
    static boolean areBasic(HttpServletRequest request) {
        String header = request.getHeader("Authorization");
        return header != null
                && header.regionMatches(true, 0, BASIC, 0, BASIC.length())
                && (header.length() == BASIC.length() || header.charAt(BASIC.length()) == ' ');
    }

    /**
     * The credentials of the header {@code Authorization: Basic} (RFC 7617, in UTF-8); empty if there is none.
     *
     * @throws RefusalException {@link Problem#WRONG_CODE} if the header has no id and code;
     *     {@link Problem#MALFORMED_REQUEST} if there are two such headers
     */
    static Optional<Credentials> basic(HttpServletRequest request) {
        if (!areBasic(request)) {
            return Optional.empty();
        }
        Enumeration<String> headers = request.getHeaders("Authorization");
        String token = headers.nextElement().substring(BASIC.length()).strip();
        if (headers.hasMoreElements()) {
            throw new RefusalException(Problem.MALFORMED_REQUEST, "The header Authorization must come once.");
        }
        return Optional.of(decode(token).orElseThrow(() -> new RefusalException(Problem.WRONG_CODE)));
    }

    static Optional<Credentials> decode(String token) {
        try {
            String pair = new String(Base64.getDecoder().decode(token.getBytes(ISO_8859_1)), UTF_8);
            int colon = pair.indexOf(':');
            return colon < 0
                    ? Optional.empty()
                    : ClientId.parse(pair.substring(0, colon))
                            .map(id -> new Credentials(id, new Code(pair.substring(colon + 1))));
        } catch (IllegalArgumentException notBase64) {
            return Optional.empty();
        }
    }
}
