package dev.countersign.web;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Map;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.server.ServerConnector;

/** Answers 404 for every other path and any method. Without it Jetty answers a POST with 405. */
final class NotFoundServlet extends HttpServlet {

    private static final long serialVersionUID = 1;

    private final transient Map<Listener, ServerConnector> all;

    /** @param all one of which may have the path; what is the operator's is told to nobody */
    NotFoundServlet(Map<Listener, ServerConnector> all) {
        this.all = all;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Answers.count(ServletContextRequest.getServletContextRequest(request), Problem.NOT_FOUND);
        response.setStatus(Problem.NOT_FOUND.status());
        response.setContentType(Problem.MEDIA_TYPE);
        response.getOutputStream().write(problem(request.getServletPath()));
    }

    private byte[] problem(String path) {
        return all.entrySet().stream()
                .filter(entry -> !entry.getKey().isOperators()
                        && entry.getKey().servlets().containsKey(path))
                .findFirst()
                .map(entry -> Problem.NOT_FOUND.json("There is no such path on this port; the "
                        + entry.getKey().name() + " port, " + entry.getValue().getLocalPort() + ", has it."))
                .orElseGet(Problem.NOT_FOUND::json);
    }
}
