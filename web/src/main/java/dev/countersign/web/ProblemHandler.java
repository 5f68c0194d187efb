package dev.countersign.web;

import java.nio.ByteBuffer;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Says Jetty's own refusals as the contract says all of them: a bad request line, headers too large, no such path. */
final class ProblemHandler implements Request.Handler {

    @Override
    public boolean handle(Request request, Response response, Callback callback) {
        if (response.getStatus() == 503
                && HealthServlet.PATH.equals(request.getHttpURI().getPath())) {
            answer(response, "application/json", HealthServlet.DOWN, callback); // draining
            return true;
        }
        Problem problem = Problem.of(response.getStatus());
        response.setStatus(problem.status());
        if (problem.mayRetry()) {
            response.getHeaders().put(HttpHeader.RETRY_AFTER, Problem.RETRY_AFTER_SECONDS);
        }
        answer(response, Problem.MEDIA_TYPE, problem.json(), callback);
        return true;
    }

    private static void answer(Response response, String mediaType, byte[] json, Callback callback) {
        response.getHeaders().put(HttpHeader.CONTENT_TYPE, mediaType);
        response.write(true, ByteBuffer.wrap(json), callback);
    }
}
