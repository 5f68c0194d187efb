package dev.countersign.client;

import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.hc.client5.http.utils.DateUtils;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpHeaders;
import org.apache.hc.core5.http.HttpStatus;

/**
 * An answer, read whole.
 *
 * @param reason of the status line; may be empty
 * @param isDone whether the request was done, now or when it came before
 * @param isProblem whether it says of itself that it is a problem of RFC 9457
 * @param retryAfter what it asks for; zero where it asks for nothing
 * @param members of the JSON object in its body; none where the body is anything else, or longer than 128 KiB
 */
record Answer(int status, String reason, boolean isDone, boolean isProblem, Duration retryAfter, Members members) {

    private static final int MAX_BODY_BYTES = 128 * 1024; // a thousand receipts take 24 KiB; this is for strangers

    /** @throws IOException where the body breaks off */
    static Answer read(ClassicHttpResponse response) throws IOException {
        byte[] body = response.getEntity() == null
                ? new byte[0]
                : response.getEntity().getContent().readNBytes(MAX_BODY_BYTES + 1);
        return new Answer(
                response.getCode(),
                Optional.ofNullable(response.getReasonPhrase()).orElse(""),
                response.getCode() == HttpStatus.SC_CREATED
                        || response.getCode() == HttpStatus.SC_OK
                                && header(response, "Idempotency-Replayed")
                                        .filter("true"::equals)
                                        .isPresent(),
                header(response, HttpHeaders.CONTENT_TYPE)
                        .map(ContentType::parseLenient)
                        .filter(ContentType.APPLICATION_PROBLEM_JSON::isSameMimeType)
                        .isPresent(),
                header(response, HttpHeaders.RETRY_AFTER).map(Answer::pause).orElse(Duration.ZERO),
                Members.parse(body.length > MAX_BODY_BYTES ? new byte[0] : body));
    }

    /** @throws NoSuchElementException where there is no such member, or it is no text */
    String text(String member) {
        return members.text(member).orElseThrow();
    }

    /** @throws NoSuchElementException where there is no such member, or it is no list of texts */
    List<String> texts(String member) {
        return members.texts(member).orElseThrow();
    }

    /** Countersign's own word on what it did not do; none where the answer is anybody else's. */
    Optional<Problem> problem() {
        return members.text("type")
                .filter(type -> isProblem && status >= HttpStatus.SC_CLIENT_ERROR && Refusal.isCountersigns(type))
                .map(type -> new Problem(
                        type,
                        members.text("title").orElse(reason),
                        status,
                        members.text("detail").orElse("")));
    }

    private static Optional<String> header(ClassicHttpResponse response, String name) {
        return Optional.ofNullable(response.getFirstHeader(name)).map(Header::getValue);
    }

    /** Seconds or a date, as {@code Retry-After} may have either; zero where it is neither, or in the past. */
    private static Duration pause(String retryAfter) {
        try {
            return Duration.ofSeconds(Math.max(0, Long.parseLong(retryAfter.strip())));
        } catch (NumberFormatException e) {
            return Optional.ofNullable(DateUtils.parseStandardDate(retryAfter))
                    .map(date -> Duration.between(Instant.now(), date))
                    .filter(pause -> !pause.isNegative())
                    .orElse(Duration.ZERO);
        }
    }
}
