package dev.countersign.web;

import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.Set;
import org.eclipse.jetty.server.ServerConnector;

/** Every path that has no servlet, by any method: without it Jetty answers a POST there with 405. */
final class NotFoundServlet extends HttpServlet {

    private static final long serialVersionUID = 1;

    private final transient Set<String> pathsOfOther;
    private final transient ServerConnector other;

    /** @param other the port that has those paths */
    NotFoundServlet(Set<String> pathsOfOther, ServerConnector other) {
        this.pathsOfOther = pathsOfOther;
        this.other = other;
    }

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setStatus(Problem.NOT_FOUND.status());
        response.setContentType(Problem.MEDIA_TYPE);
        response.getOutputStream().write(problem(request.getServletPath()));
    }

    private byte[] problem(String path) {
        return pathsOfOther.contains(path)
                ? Problem.NOT_FOUND.json("There is no such path on this port; the " + other.getName() + " port, "
                        + other.getLocalPort() + ", has it.")
                : Problem.NOT_FOUND.json();
    }
}
