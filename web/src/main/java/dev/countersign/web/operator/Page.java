package dev.countersign.web.operator;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.countersign.core.Code;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Base64;

/**
 * The page that shows how the server does. The browser runs its script and style alone: their hashes stand in the policy.
 *
 * @param policy Content-Security-Policy
 */
record Page(String html, String policy) {

    static Page load() {
        try (InputStream resource = Page.class.getResourceAsStream("/dev/countersign/web/operator.html")) {
            String html = new String(resource.readAllBytes(), UTF_8);
            return new Page(
                    html,
                    "default-src 'none'; connect-src 'self'; img-src data:; script-src " + hash(html, "script")
                            + "; style-src " + hash(html, "style")
                            + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static String hash(String html, String element) {
        int start = html.indexOf("<" + element + ">") + element.length() + 2;
        byte[] content =
                html.substring(start, html.indexOf("</" + element + ">")).getBytes(UTF_8);
        return "'sha256-" + Base64.getEncoder().encodeToString(Code.sha256(content)) + "'";
    }

    void write(HttpServletResponse response) throws IOException {
        response.setHeader("Content-Security-Policy", policy);
        response.setHeader("Referrer-Policy", "no-referrer");
        Operator.write(response, "text/html; charset=utf-8", html);
    }
}
