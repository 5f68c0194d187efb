package dev.countersign.web.operator;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.countersign.core.Code;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Base64;

/** The page that shows how the server does. The browser runs only its script and style: the policy has their hashes. */
final class Page implements OperatorServlet.Answer {

    private final byte[] html;
    private final String policy;

    Page() {
        try (InputStream resource = Page.class.getResourceAsStream("/dev/countersign/web/operator.html")) {
            html = resource.readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        policy = "default-src 'none'; connect-src 'self'; img-src data:; script-src " + hash("script") + "; style-src "
                + hash("style") + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    }

    private String hash(String element) {
        String content = new String(html, UTF_8).split("</?" + element + ">")[1];
        return "'sha256-" + Base64.getEncoder().encodeToString(Code.sha256(content.getBytes(UTF_8))) + "'";
    }

    @Override
    public byte[] to(HttpServletRequest request, HttpServletResponse response) {
        response.setHeader("Content-Security-Policy", policy);
        response.setHeader("Referrer-Policy", "no-referrer");
        response.setContentType("text/html; charset=utf-8");
        return html;
    }
}
