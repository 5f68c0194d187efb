package dev.countersign.client;

import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.apache.hc.client5.http.HttpRequestRetryStrategy;
import org.apache.hc.client5.http.impl.DefaultHttpRequestRetryStrategy;
import org.apache.hc.client5.http.protocol.HttpClientContext;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpStatus;
import org.apache.hc.core5.util.TimeValue;

/**
 * A complete answer.
 *
 * @param members of the JSON object in its body; none if the body is anything else, or longer than 128 KiB
 */
record Answer(ClassicHttpResponse head, Members members) {

    private static final int MAX_BODY_BYTES = 128 * 1024; // a thousand receipts take 24 KiB

    /** Only reads {@code Retry-After}; where there is none, or it is no time to come, the shortest interval. */
    private static final HttpRequestRetryStrategy RETRY_AFTER =
            new DefaultHttpRequestRetryStrategy(0, TimeValue.of(1, TimeUnit.NANOSECONDS));

    /** @throws IOException if the body breaks off */
    static Answer read(ClassicHttpResponse response) throws IOException {
        HttpEntity entity = response.getEntity();
        byte[] body = entity == null ? new byte[0] : entity.getContent().readNBytes(MAX_BODY_BYTES + 1);
        return new Answer(response, Members.parse(body.length > MAX_BODY_BYTES ? new byte[0] : body));
    }

    /** Whether the request was done, now or at its first arrival. */
    boolean isDone() {
        return head.getCode() == HttpStatus.SC_CREATED
                || head.getCode() == HttpStatus.SC_OK
                        && header("Idempotency-Replayed").equals("true");
    }

    /**
     * What went wrong. Only Countersign itself can say that nothing was done: a proxy's 502 may come after the message
     * was logged, and so may the server's own 500 or {@code unavailable}.
     */
    CountersignException failure() {
        boolean serverError = head.getCode() >= HttpStatus.SC_SERVER_ERROR;
        Optional<Problem> problem = problem();
        if (problem.isEmpty()) {
            String statusLine = (head.getCode() + " " + reason()).strip();
            return new UnknownFateException(
                    "the answer is not Countersign's: " + statusLine, null, serverError, retryAfter());
        }
        return serverError && problem.get().refusal() != Refusal.OVERLOADED
                ? new UnknownFateException(problem.get(), retryAfter())
                : new RefusedException(problem.get(), retryAfter());
    }

    /** Countersign's own problem details; empty if the answer comes from somebody else. */
    private Optional<Problem> problem() {
        return members.text("type")
                .filter(type -> head.getCode() >= HttpStatus.SC_CLIENT_ERROR && Refusal.isCountersigns(type))
                .filter(type -> ContentType.APPLICATION_PROBLEM_JSON.isSameMimeType(
                        ContentType.parseLenient(header(HttpHeaders.CONTENT_TYPE))))
                .map(type -> new Problem(
                        type,
                        members.text("title").orElse(reason()),
                        head.getCode(),
                        members.text("detail").orElse("")));
    }

    private String reason() {
        return Objects.requireNonNullElse(head.getReasonPhrase(), "");
    }

    /** Empty if there is none. */
    private String header(String name) {
        return Optional.ofNullable(head.getFirstHeader(name))
                .map(Header::getValue)
                .orElse("");
    }

    private Duration retryAfter() {
        return RETRY_AFTER.getRetryInterval(head, 1, HttpClientContext.create()).toDuration();
    }
}
