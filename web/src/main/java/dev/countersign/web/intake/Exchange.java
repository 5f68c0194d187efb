package dev.countersign.web.intake;

import dev.countersign.core.OverloadedException;
import dev.countersign.core.UnavailableException;
import dev.countersign.web.http.Answers;
import dev.countersign.web.http.Problem;
import dev.countersign.web.http.RateLimitedLog;
import dev.countersign.web.http.ServerThreads;
import jakarta.servlet.AsyncContext;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.eclipse.jetty.ee10.servlet.ServletContextRequest;
import org.eclipse.jetty.io.Content;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A request and its answer, which is given once: the reply, or the reason for none. */
final class Exchange {

    private static final Logger log = LoggerFactory.getLogger(Exchange.class);

    private final HttpServletRequest servletRequest;
    private final HttpServletResponse response;
    private final ServletContextRequest request;
    private final ServerThreads threads;
    private final RateLimitedLog overloads;
    private AsyncContext async;

    /** @param overloads told when the queue for the disk is full */
    Exchange(
            HttpServletRequest servletRequest,
            HttpServletResponse response,
            ServerThreads threads,
            RateLimitedLog overloads) {
        this.servletRequest = servletRequest;
        this.response = response;
        this.threads = threads;
        this.overloads = overloads;
        request = ServletContextRequest.getServletContextRequest(servletRequest);
    }

    ServletContextRequest request() {
        return request;
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
            if (!response.isCommitted()) { // a long one, too: otherwise Jetty waits for a client that does not read
                response.setBufferSize(Math.max(response.getBufferSize(), json.length + 1));
            }
            response.getOutputStream().write(json);
        } catch (IOException e) {
            log.debug("the client is gone", e);
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

    /** If the body has not been read to its end, Jetty announces a close and closes the connection after the answer. */
    void refuse(RefusalException refusal) {
        Answers.count(request, refusal.problem());
        refusal.headers().forEach(response::setHeader);
        response.setStatus(refusal.problem().status());
        response.setContentType(Problem.MEDIA_TYPE);
        write(refusal.json());
    }
}
