package dev.countersign.web.operator;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/** A path of the operator's. Its thread is the operator's own: it may wait. */
final class OperatorServlet extends HttpServlet {

    /** Answers a request. */
    interface Answer {
        void to(HttpServletRequest request, HttpServletResponse response) throws IOException;
    }

    private static final long serialVersionUID = 1;

    private final String method;
    private final transient Answer answer;

    private OperatorServlet(String method, Answer answer) {
        this.method = method;
        this.answer = answer;
    }

    static OperatorServlet get(Answer answer) {
        return new OperatorServlet("GET", answer);
    }

    static OperatorServlet post(Answer answer) {
        return new OperatorServlet("POST", answer);
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        if (!request.getMethod().equals(method)) {
            response.setHeader("Allow", method);
            response.sendError(HttpServletResponse.SC_METHOD_NOT_ALLOWED);
            return;
        }
        try {
            answer.to(request, response);
        } catch (RefusedException e) {
            response.setStatus(e.status());
            String problem = JsonText.object(json -> {
                json.writeNumberProperty("status", e.status());
                json.writeStringProperty("detail", e.getMessage());
            });
            Operator.write(response, "application/problem+json", problem);
        }
    }
}
