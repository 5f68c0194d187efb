package dev.countersign.web.operator;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.countersign.core.Home;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A path of the operator's. Its thread is the operator's own: it may wait. */
final class OperatorServlet extends HttpServlet {

    /** Answers a request. */
    interface Answer {

        /**
         * @return bytes of the content type that it has set, or a value to write as JSON ({@link JsonText#of})
         * @throws OperatorException if the operator asks for something that can't be done
         * @throws IOException if the server fails to do it
         * @throws CompletionException likewise
         */
        Object to(HttpServletRequest request, HttpServletResponse response) throws IOException;
    }

    private static final long serialVersionUID = 1;
    private static final Logger log = LoggerFactory.getLogger(OperatorServlet.class);
    private static final Set<String> OWN_HOSTS = Set.of("localhost", "127.0.0.1", "[::1]");

    private final String method;
    private final transient Answer answer;

    /** @param method the only one that is served; GET includes HEAD, for which Jetty leaves out the body */
    OperatorServlet(String method, Answer answer) {
        this.method = method;
        this.answer = answer;
    }

    private record Refusal(int status, String detail) {}

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setHeader("Cache-Control", "no-store");
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
        Object content;
        try {
            requireOwn(request);
            if (!served(request).equals(method)) {
                response.setHeader("Allow", method.equals("GET") ? "GET, HEAD" : method);
                response.sendError(HttpServletResponse.SC_METHOD_NOT_ALLOWED);
                return;
            }
            response.setContentType("application/json");
            content = answerTo(request, response);
        } catch (OperatorException e) {
            response.setStatus(e.status());
            response.setContentType("application/problem+json");
            content = new Refusal(e.status(), e.getMessage());
        }
        byte[] bytes =
                content instanceof byte[] ready ? ready : JsonText.of(content).getBytes(UTF_8);
        // all of it: otherwise Jetty waits for a client that does not read, and /live has the same threads
        response.setBufferSize(Math.max(response.getBufferSize(), bytes.length + 1));
        response.getOutputStream().write(bytes);
    }

    private Object answerTo(HttpServletRequest request, HttpServletResponse response) {
        try {
            return answer.to(request, response);
        } catch (IOException | CompletionException e) {
            log.warn("the operator's command failed", e);
            String reason = e instanceof CompletionException ? e.getCause().getMessage() : Home.reason(e);
            throw new OperatorException(503, "the server can't do it now: " + reason);
        }
    }

    private static String served(HttpServletRequest request) {
        return request.getMethod().equals("HEAD") ? "GET" : request.getMethod();
    }

    /**
     * Refuses requests that another site caused in a browser: under a host name of that site that resolves to this
     * address (DNS rebinding), or by a form that would change something.
     */
    private static void requireOwn(HttpServletRequest request) {
        boolean isOwn = OWN_HOSTS.contains(request.getServerName().toLowerCase(Locale.ROOT));
        boolean isByPage = !served(request).equals("GET") && request.getHeader("Origin") != null;
        if (!isOwn || isByPage) {
            throw new OperatorException(
                    400, "Only localhost, 127.0.0.1 and [::1] are served here, and no change that a page asks for.");
        }
    }
}
