package dev.countersign.web.operator;

import static java.nio.charset.StandardCharsets.UTF_8;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** A path of the operator's. Its thread is the operator's own: it may wait. */
final class OperatorServlet extends HttpServlet {

    /** Answers a request. */
    interface Answer {

        /** @return bytes of the content type that it has set, or a value to write as JSON ({@link JsonText#of}) */
        Object to(HttpServletRequest request, HttpServletResponse response) throws IOException;
    }

    private static final long serialVersionUID = 1;

    private final String method;
    private final transient Answer answer;

    /** @param method the only one that is served */
    OperatorServlet(String method, Answer answer) {
        this.method = method;
        this.answer = answer;
    }

    private record Refusal(int status, String detail) {}

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (!request.getMethod().equals(method)) {
            response.setHeader("Allow", method);
            response.sendError(HttpServletResponse.SC_METHOD_NOT_ALLOWED);
            return;
        }
        Object content;
        try {
            response.setContentType("application/json");
            content = answer.to(request, response);
        } catch (RefusedException e) {
            response.setStatus(e.status());
            response.setContentType("application/problem+json");
            content = new Refusal(e.status(), e.getMessage());
        }
        byte[] bytes =
                content instanceof byte[] ready ? ready : JsonText.of(content).getBytes(UTF_8);
        response.getOutputStream().write(bytes);
    }
}
