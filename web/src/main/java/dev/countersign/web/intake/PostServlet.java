package dev.countersign.web.intake;

import dev.countersign.core.MemoryBudget;
import dev.countersign.core.OverloadedException;
import dev.countersign.core.UnavailableException;
import dev.countersign.web.http.Answers;
import dev.countersign.web.http.LateBody;
import dev.countersign.web.http.Limits;
import dev.countersign.web.http.Problem;
import dev.countersign.web.http.RateLimitedLog;
import dev.countersign.web.http.ServerThreads;
import dev.countersign.web.http.UnwantedBody;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.io.Content;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes a body by POST, has a subclass process it ({@link #process}), and answers 201 when the work is durable. No
 * thread waits, neither for a slow body nor for the disk.
 */
abstract class PostServlet extends HttpServlet {

    private static final long serialVersionUID = 1;
    private static final Logger log = LoggerFactory.getLogger(PostServlet.class);

    /** The memory budget ignores decoded copies of bodies up to this length: each thread has at most one. */
    private static final int SMALL_BYTES = 64 * 1024;

    /** About how much heap Jetty uses for a request in flight. */
    private static final int REQUEST_BYTES = 8 * 1024;

    private final transient Limits limits;
    private final transient MemoryBudget bodyMemory;
    private final transient ServerThreads threads;
    final transient Quotas quotas;
    private final transient RateLimitedLog overloads = new RateLimitedLog(log);

    PostServlet(Intake intake) {
        limits = intake.limits();
        bodyMemory = intake.bodyMemory();
        threads = intake.threads();
        quotas = intake.quotas();
    }

    /**
     * Does the work that the body asks for.
     *
     * @param request for its headers; its body has been read already
     * @return completes with the answer when the work is durable, or fails with the reason
     * @throws RefusalException if the request is refused at once
     */
    abstract CompletableFuture<Reply> process(HttpServletRequest request, byte[] body);

    /**
     * @throws RefusalException if this servlet does not accept the type of the body, or the type needs something else
     */
    void checkMediaType(HttpServletRequest request) {
        if (!MediaType.JSON.isThatOf(request)) {
            throw new RefusalException(Problem.UNSUPPORTED_MEDIA_TYPE);
        }
    }

    @Override
    protected final void service(HttpServletRequest request, HttpServletResponse response) {
        Exchange exchange = new Exchange(request, response);
        try {
            quotas.takeRequest(exchange.request);
            check(request, response);
        } catch (RefusalException e) {
            exchange.refuseUnread(e);
            return;
        }
        int length = request.getContentLength();
        Content.Chunk first = length == 0 ? Content.Chunk.EMPTY : exchange.read();
        if (length >= 0 && first.remaining() == length) { // almost always: the body came with the headers
            byte[] body = new byte[length];
            first.get(body, 0, length);
            first.release();
            exchange.answer(tryProcess(request, body));
        } else {
            readLate(first, length, exchange);
        }
    }

    private void readLate(Content.Chunk first, int length, Exchange exchange) {
        long memory = memoryOf(length < 0 ? limits.maxBodyBytes() : length);
        if (!bodyMemory.take(memory)) {
            overloads.warn("refusing requests whose body comes after their headers: --body-memory is used up");
            first.release();
            exchange.refuseUnread(new RefusalException(Problem.OVERLOADED));
            return;
        }
        exchange.startAsync();
        new LateBody(
                        exchange.request,
                        length,
                        limits.maxBodyBytes(),
                        body -> exchange.answer(tryProcess(exchange.servletRequest, body)
                                .whenComplete((reply, failure) -> bodyMemory.giveBack(memory))),
                        problem -> {
                            bodyMemory.giveBack(memory);
                            exchange.refuseLate(problem);
                        },
                        () -> bodyMemory.giveBack(memory))
                .start(first, limits.bodyTimeout());
    }

    /**
     * Bytes of heap while the body arrives and is read: a large one exists as bytes, as text and escaped.
     */
    private static long memoryOf(int bodyBytes) {
        return REQUEST_BYTES + (bodyBytes <= SMALL_BYTES ? bodyBytes : 8L * bodyBytes);
    }

    private CompletableFuture<Reply> tryProcess(HttpServletRequest request, byte[] body) {
        try {
            return process(request, body);
        } catch (RuntimeException | Error e) { // an Error, too: the client must hear that it failed
            return CompletableFuture.failedFuture(e);
        }
    }

    private void check(HttpServletRequest request, HttpServletResponse response) {
        if (!request.getMethod().equals("POST")) {
            throw new RefusalException(Problem.METHOD_NOT_ALLOWED);
        }
        checkMediaType(request);
        if (request.getHeader("Content-Encoding") != null) {
            response.setHeader("Accept-Encoding", "identity");
            throw new RefusalException(
                    Problem.UNSUPPORTED_MEDIA_TYPE, "The body must not be compressed: leave out Content-Encoding.");
        }
        if (request.getContentLengthLong() > limits.maxBodyBytes()) {
            throw new RefusalException(Problem.BODY_TOO_LARGE);
        }
    }

    private RefusalException refusal(Throwable failure) {
        Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
        if (cause instanceof RefusalException refusal) {
            return refusal;
        }
        if (cause instanceof OverloadedException) {
            overloads.warn("refusing requests: the queue for the disk is full");
            return new RefusalException(Problem.OVERLOADED);
        }
        if (cause instanceof UnavailableException) {
            return new RefusalException(Problem.UNAVAILABLE);
        }
        log.error("a request failed", cause);
        return new RefusalException(Problem.INTERNAL_ERROR);
    }

    /** A request and its answer. It is answered once. */
    private final class Exchange {

        private final HttpServletRequest servletRequest;
        private final HttpServletResponse response;
        private final ServletContextRequest request;
        private AsyncContext async;

        Exchange(HttpServletRequest servletRequest, HttpServletResponse response) {
            this.servletRequest = servletRequest;
            this.response = response;
            request = ServletContextRequest.getServletContextRequest(servletRequest);
        }

        /** The part of the body that has arrived; an empty chunk if nothing has. */
        Content.Chunk read() {
            Content.Chunk chunk = request.read();
            return chunk == null ? Content.Chunk.EMPTY : chunk;
        }

        /** From now on any thread may complete the exchange, which ends it. */
        void startAsync() {
            async = servletRequest.startAsync(servletRequest, response);
            async.setTimeout(0); // the commit always ends; an impatient client hangs up
        }

        /** Answers when the future completes, or at once if it has. */
        void answer(CompletableFuture<Reply> future) {
            if (async == null) {
                if (future.isDone()) {
                    future.whenComplete(this::write);
                    return;
                }
                startAsync();
            }
            future.whenComplete((reply, failure) -> threads.answer(request, () -> writeAndComplete(reply, failure)));
        }

        private void writeAndComplete(Reply reply, Throwable failure) {
            try {
                write(reply, failure);
            } finally {
                async.complete();
            }
        }

        /**
         * Writes to the buffer only. Jetty sends it, with its length, at the end of the exchange, and never blocks on
         * it.
         */
        private void write(Reply reply, Throwable failure) {
            if (failure != null) {
                refuse(refusal(failure));
                return;
            }
            Answers.count(request, reply.isReplay());
            response.setStatus(reply.status());
            if (reply.isReplay()) {
                response.setHeader("Idempotency-Replayed", "true");
            }
            response.setHeader("Cache-Control", "no-store"); // a code is a credential
            response.setContentType("application/json");
            write(reply.json());
        }

        private void write(byte[] json) {
            try {
                response.getOutputStream().write(json);
            } catch (IOException e) {
                log.debug("the client is gone", e);
            }
        }

        private void refuse(RefusalException refusal) {
            head(refusal);
            write(refusal.json());
        }

        private void head(RefusalException refusal) {
            Answers.count(request, refusal.problem());
            if (refusal.problem() == Problem.METHOD_NOT_ALLOWED) {
                response.setHeader("Allow", "POST");
            }
            if (refusal.problem() == Problem.CREDENTIALS_MISSING) {
                response.setHeader("WWW-Authenticate", "Basic realm=\"countersign\", charset=\"UTF-8\"");
            }
            if (refusal.problem().mayRetry()) {
                response.setHeader("Retry-After", refusal.retryAfterSeconds());
            }
            response.setStatus(refusal.problem().status());
            response.setContentType(Problem.MEDIA_TYPE);
        }

        /** Refuses a request whose body did not arrive properly; reads no more of it. */
        void refuseLate(Problem problem) {
            if (problem == Problem.BODY_TOO_LARGE) {
                refuseAndReadOn(new RefusalException(problem));
                return;
            }
            try {
                response.setHeader("Connection", "close");
                refuse(new RefusalException(problem));
            } finally {
                async.complete();
            }
        }

        /** Refuses a request before its body is read. */
        void refuseUnread(RefusalException refusal) {
            if (isWholeHere()) {
                refuse(refusal);
            } else {
                startAsync();
                refuseAndReadOn(refusal);
            }
        }

        /** Whether nothing more comes. A client that waits for a "100 Continue" does not send its body. */
        private boolean isWholeHere() {
            if (servletRequest.getHeader("Expect") != null) {
                return true;
            }
            for (Content.Chunk chunk = request.read(); chunk != null; chunk = request.read()) {
                boolean last = chunk.isLast();
                chunk.release();
                if (last) {
                    return true;
                }
            }
            return false;
        }

        private void refuseAndReadOn(RefusalException refusal) {
            UnwantedBody rest = new UnwantedBody(request, async::complete);
            response.setHeader("Connection", "close");
            response.setContentLength(refusal.json().length);
            head(refusal);
            // uses Jetty's response: flushing the servlet's would block on a client that does not read
            request.getServletContextResponse().write(false, ByteBuffer.wrap(refusal.json()), rest);
            rest.start(Content.Chunk.EMPTY, UnwantedBody.TIME);
        }
    }
}
