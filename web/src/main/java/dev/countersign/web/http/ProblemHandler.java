package dev.countersign.web.http;

import java.nio.ByteBuffer;
import java.util.Map;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.http.HttpMethod;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.BufferUtil;
import org.eclipse.jetty.util.Callback;

/** Writes Jetty's own refusals in the contract's format: a bad request line, headers too large, no such path. */
final class ProblemHandler implements Request.Handler {

    private final Map<Listener, ServerConnector> all;

    /** @param all one of which may have a path that another lacks; nobody is told of the operator's */
    ProblemHandler(Map<Listener, ServerConnector> all) {
        this.all = all;
    }

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        if (response.getStatus() == 503
                && HealthServlet.PATH.equals(request.getHttpURI().getPath())) {
            answer(request, response, "application/json", HealthServlet.DOWN, callback); // the server is stopping
            return true;
        }
        Problem problem = Problem.of(response.getStatus());
        Answers.count(request, problem);
        response.setStatus(problem.status());
        problem.headers().forEach(response.getHeaders()::put);
        byte[] json = problem == Problem.NOT_FOUND ? notFound(Request.getPathInContext(request)) : problem.json();
        answer(request, response, Problem.MEDIA_TYPE, json, callback);
        return true;
    }

    private byte[] notFound(String path) {
        return all.entrySet().stream()
                .filter(entry -> !entry.getKey().isOperators()
                        && entry.getKey().servlets().containsKey(path))
                .findFirst()
                .map(entry -> Problem.NOT_FOUND.json("There is no such path on this port; the "
                        + entry.getKey().name() + " port, " + entry.getValue().getLocalPort() + ", has it."))
                .orElseGet(Problem.NOT_FOUND::json);
    }

    /** Sends no body to a HEAD, and announces a close. Jetty does neither if it could not read the request. */
    private static void answer(Request request, Response response, String mediaType, byte[] json, Callback callback) {
        boolean hasBody = !HttpMethod.HEAD.is(request.getMethod());
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, mediaType).put(HttpHeader.CONTENT_LENGTH, json.length);
        if (!request.getConnectionMetaData().isPersistent()) {
            response.getHeaders().put(HttpFields.CONNECTION_CLOSE);
        }
        response.write(true, hasBody ? ByteBuffer.wrap(json) : BufferUtil.EMPTY_BUFFER, ending(request, callback));
    }

    /**
     * If a servlet's error page can't be written, because the client is gone, Jetty 12.1 does not end the exchange, and
     * the connection stays open for good.
     */
    private static Callback ending(Request request, Callback callback) {
        return request instanceof ServletContextRequest servlet
                ? Callback.from(callback::succeeded, failure -> {
                    servlet.getServletChannel().abort(failure);
                    callback.failed(failure);
                })
                : callback;
    }
}
