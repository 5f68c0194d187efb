package dev.countersign.web.intake;

import dev.countersign.core.MemoryBudget;
import dev.countersign.core.RequestKey;
import dev.countersign.web.http.LateBody;
import dev.countersign.web.http.Problem;
import dev.countersign.web.http.RateLimitedLog;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Enumeration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.eclipse.jetty.io.Content;
import org.slf4j.LoggerFactory;

/**
 * Takes a body by POST, has a subclass process it ({@link #process}), and answers 201 when the work is durable. No
 * thread waits, neither for a slow body nor for the disk.
 */
abstract class PostServlet extends HttpServlet {

    private static final long serialVersionUID = 1;

    /** The memory budget ignores decoded copies of bodies up to this length: each thread has at most one. */
    private static final int SMALL_BYTES = 64 * 1024;

    /** About how much heap Jetty uses for a request in flight. */
    private static final int REQUEST_BYTES = 8 * 1024;

    final transient Intake intake;
    private final transient RateLimitedLog overloads = new RateLimitedLog(LoggerFactory.getLogger(PostServlet.class));

    PostServlet(Intake intake) {
        this.intake = intake;
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

    /**
     * The request's {@code Idempotency-Key}, which identifies its repeats; empty if it has none.
     *
     * @param minLength in characters
     * @throws RefusalException {@link Problem#MALFORMED_REQUEST} if the header is not a valid key, or there are two
     */
    static Optional<RequestKey> key(HttpServletRequest request, int minLength) {
        Enumeration<String> values = request.getHeaders("Idempotency-Key");
        if (!values.hasMoreElements()) {
            return Optional.empty();
        }
        Optional<RequestKey> key = RequestKey.parse(values.nextElement())
                .filter(parsed -> parsed.value().length() >= minLength);
        if (key.isEmpty() || values.hasMoreElements()) {
            throw new RefusalException(
                    Problem.MALFORMED_REQUEST,
                    "The header Idempotency-Key must come once and hold " + minLength
                            + " to 64 visible ASCII characters.");
        }
        return key;
    }

    @Override
    protected final void service(HttpServletRequest request, HttpServletResponse response) {
        Exchange exchange = new Exchange(request, response, intake.threads(), overloads);
        try {
            intake.quotas().takeRequest(exchange.request());
            check(request, response);
        } catch (RefusalException e) {
            exchange.refuse(e);
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
            readLate(request, first, length, exchange);
        }
    }

    private void readLate(HttpServletRequest request, Content.Chunk first, int length, Exchange exchange) {
        int maxBytes = intake.limits().maxBodyBytes();
        long memory = memoryOf(length < 0 ? maxBytes : length);
        MemoryBudget bodyMemory = intake.bodyMemory();
        if (!bodyMemory.take(memory)) {
            overloads.warn("refusing requests whose body comes after their headers: --body-memory is used up");
            first.release();
            exchange.refuse(new RefusalException(Problem.OVERLOADED));
            return;
        }
        exchange.startAsync();
        new LateBody(
                        exchange.request(),
                        length,
                        maxBytes,
                        body -> exchange.answer(tryProcess(request, body)
                                .whenComplete((reply, failure) -> bodyMemory.giveBack(memory))),
                        problem -> {
                            bodyMemory.giveBack(memory);
                            exchange.answer(CompletableFuture.failedFuture(new RefusalException(problem)));
                        },
                        () -> bodyMemory.giveBack(memory))
                .start(first, intake.limits().bodyTimeout());
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
            response.setHeader("Allow", "POST");
            throw new RefusalException(Problem.METHOD_NOT_ALLOWED);
        }
        checkMediaType(request);
        if (request.getHeader("Content-Encoding") != null) {
            response.setHeader("Accept-Encoding", "identity");
            throw new RefusalException(
                    Problem.UNSUPPORTED_MEDIA_TYPE, "The body must not be compressed: leave out Content-Encoding.");
        }
        if (request.getContentLengthLong() > intake.limits().maxBodyBytes()) {
            throw new RefusalException(Problem.BODY_TOO_LARGE);
        }
    }
}
