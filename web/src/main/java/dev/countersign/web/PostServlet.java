package dev.countersign.web;

import dev.countersign.core.OverloadedException;
import dev.countersign.core.UnavailableException;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.AsyncEvent;
import jakarta.servlet.AsyncListener;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.http.HttpField;
import org.eclipse.jetty.util.Callback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes a JSON body by POST and answers 201 once its work is durable. No thread waits: neither for a body that is slow
 * to arrive nor for the disk.
 */
abstract class PostServlet extends HttpServlet {

    private static final long serialVersionUID = 1;
    private static final Logger log = LoggerFactory.getLogger(PostServlet.class);
    private static final String BODY = PostServlet.class.getName() + ".body";

    /** How long a body that was refused for its length is read; one in chunks has what is left of its own time. */
    private static final long UNWANTED_MILLIS = 2_000;

    /** How much of a refused body is read. */
    private static final int UNWANTED_BYTES = 16 * 1024 * 1024;

    private final int maxBodyBytes;
    private final long bodyTimeoutMillis;

    PostServlet(HttpSettings settings) {
        maxBodyBytes = settings.maxBodyBytes();
        bodyTimeoutMillis = settings.bodyTimeout().toMillis();
    }

    /**
     * Does what the body asks for.
     *
     * @return the JSON of the answer, once the work is durable; or why it was not done
     * @throws RefusalException where the request is refused at once
     */
    abstract CompletableFuture<byte[]> answer(byte[] body);

    @Override
    protected final void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        try {
            byte[] late = (byte[]) request.getAttribute(BODY);
            if (late != null) {
                answer(late, request, response);
                return;
            }
            check(request);
            int length = request.getContentLength();
            ServletInputStream in = request.getInputStream();
            if (length >= 0 && in.available() >= length) { // as good as always: it came with the headers
                answer(in.readNBytes(length), request, response);
            } else {
                new LateBody(request.startAsync(request, response)).read(bodyTimeoutMillis);
            }
        } catch (RefusalException e) {
            if (e.problem() == Problem.BODY_TOO_LARGE && request.getHeader("Expect") == null) {
                LateBody unwanted = new LateBody(request.startAsync(request, response));
                unwanted.refuseWhileItComes(e);
                unwanted.read(UNWANTED_MILLIS);
            } else {
                refuse(response, e);
            }
        } catch (UnavailableException e) {
            refuse(response, refusal(e));
        }
    }

    private void check(HttpServletRequest request) {
        if (!request.getMethod().equals("POST")) {
            throw new RefusalException(Problem.METHOD_NOT_ALLOWED);
        }
        if (!isJson(request.getHeader("Content-Type"))) { // getContentType() throws for a charset that Java lacks
            throw new RefusalException(Problem.UNSUPPORTED_MEDIA_TYPE);
        }
        if (request.getContentLengthLong() > maxBodyBytes) {
            throw new RefusalException(Problem.BODY_TOO_LARGE);
        }
    }

    private static boolean isJson(String contentType) {
        if (contentType == null) {
            return false;
        }
        if (contentType.equals("application/json")) {
            return true; // as most say it
        }
        try {
            Map<String, String> parameters = new HashMap<>(0);
            String type = HttpField.getValueParameters(contentType, parameters);
            return "application/json".equalsIgnoreCase(type)
                    && "utf-8".equalsIgnoreCase(parameters.getOrDefault("charset", "utf-8"));
        } catch (IllegalArgumentException e) {
            return false; // a quote that does not end
        }
    }

    private void answer(byte[] body, HttpServletRequest request, HttpServletResponse response) throws IOException {
        CompletableFuture<byte[]> answer = answer(body);
        if (answer.isDone()) {
            answer.whenComplete((json, failure) -> write(response, json, failure));
            return;
        }
        AsyncContext async = request.startAsync(request, response);
        async.setTimeout(0); // the commit ends well or badly; a client that can't wait hangs up
        answer.whenComplete((json, failure) -> {
            write(response, json, failure);
            async.complete();
        });
    }

    /** Into the buffer only: Jetty sends it, with its length, when the exchange is complete, and never blocks on it. */
    private static void write(HttpServletResponse response, byte[] json, Throwable failure) {
        try {
            if (failure != null) {
                refuse(response, refusal(failure));
                return;
            }
            response.setStatus(HttpServletResponse.SC_CREATED);
            response.setHeader("Cache-Control", "no-store"); // a code is a credential
            response.setContentType("application/json");
            response.getOutputStream().write(json);
        } catch (IOException e) {
            log.debug("the client is gone", e);
        }
    }

    private static RefusalException refusal(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        if (cause instanceof RefusalException refusal) {
            return refusal;
        }
        if (cause instanceof OverloadedException) {
            return new RefusalException(Problem.OVERLOADED);
        }
        if (cause instanceof UnavailableException) {
            return new RefusalException(Problem.UNAVAILABLE);
        }
        log.error("a request failed", cause);
        return new RefusalException(Problem.INTERNAL_ERROR);
    }

    private static void refuse(HttpServletResponse response, RefusalException refusal) throws IOException {
        head(response, refusal);
        response.getOutputStream().write(refusal.json());
    }

    private static void head(HttpServletResponse response, RefusalException refusal) {
        if (refusal.problem() == Problem.METHOD_NOT_ALLOWED) {
            response.setHeader("Allow", "POST");
        }
        if (refusal.problem().mayRetry()) {
            response.setHeader("Retry-After", Problem.RETRY_AFTER_SECONDS);
        }
        response.setStatus(refusal.problem().status());
        response.setContentType(Problem.MEDIA_TYPE);
    }

    /**
     * A body that arrives after its headers, piece by piece; no thread waits for it. Once all of it is there the servlet
     * is called again with it.
     */
    private final class LateBody implements ReadListener, AsyncListener {

        private final AsyncContext async;
        private final byte[] chunk = new byte[4096];
        private final ByteArrayOutputStream body = new ByteArrayOutputStream();
        private ServletInputStream in;
        private boolean refused;
        private int unwantedBytes;

        LateBody(AsyncContext async) {
            this.async = async;
        }

        /** Begins; {@link #onTimeout} is called where the exchange is not over after so long. */
        void read(long timeoutMillis) throws IOException {
            async.setTimeout(timeoutMillis);
            async.addListener(this);
            in = async.getRequest().getInputStream();
            in.setReadListener(this);
        }

        /**
         * Answers at once, then lets go of what still comes, for a while: a connection that is closed while its client
         * is still sending is reset, and the client may never see the answer.
         */
        void refuseWhileItComes(RefusalException refusal) {
            refused = true;
            HttpServletResponse response = (HttpServletResponse) async.getResponse();
            response.setHeader("Connection", "close");
            response.setContentLength(refusal.json().length);
            head(response, refusal);
            // by Jetty's own response: to flush the servlet's would wait for a client that reads nothing
            ServletContextRequest.getServletContextRequest(async.getRequest())
                    .getServletContextResponse()
                    .write(false, ByteBuffer.wrap(refusal.json()), Callback.NOOP);
        }

        @Override
        public void onDataAvailable() throws IOException {
            while (in.isReady() && !in.isFinished()) {
                int length = in.read(chunk);
                if (length > 0 && !take(length)) {
                    async.complete();
                    return;
                }
            }
        }

        /** False where even what nobody wants is too much. */
        private boolean take(int length) {
            if (refused) {
                unwantedBytes += length;
                return unwantedBytes <= UNWANTED_BYTES;
            }
            body.write(chunk, 0, length);
            if (body.size() > maxBodyBytes) {
                refuseWhileItComes(new RefusalException(Problem.BODY_TOO_LARGE));
            }
            return true;
        }

        @Override
        public void onAllDataRead() {
            if (refused) {
                async.complete();
                return;
            }
            async.getRequest().setAttribute(BODY, body.toByteArray());
            async.dispatch();
        }

        @Override
        public void onTimeout(AsyncEvent event) throws IOException {
            refuseAndClose(Problem.REQUEST_TIMEOUT);
        }

        /** The body broke off, is no chunked body, or the connection was silent for too long. */
        @Override
        public void onError(Throwable failure) {
            try {
                boolean silent = failure instanceof TimeoutException;
                refuseAndClose(silent ? Problem.REQUEST_TIMEOUT : Problem.MALFORMED_REQUEST);
            } catch (IOException e) {
                log.debug("the client is gone", e);
            }
        }

        private void refuseAndClose(Problem problem) throws IOException {
            if (!refused) {
                HttpServletResponse response = (HttpServletResponse) async.getResponse();
                response.setHeader("Connection", "close");
                PostServlet.refuse(response, new RefusalException(problem));
            }
            async.complete();
        }

        @Override
        public void onComplete(AsyncEvent event) {}

        @Override
        public void onError(AsyncEvent event) {}

        @Override
        public void onStartAsync(AsyncEvent event) {}
    }
}
